// What goes wrong: a refusal of the API in its own words, or no answer at all.

/** An answer that is no success. */
export class MooringProblem extends Error {
  override readonly name = "MooringProblem";
  /** The operation that was called. */
  readonly operation: string;
  /** The HTTP status. */
  readonly status: number;
  /** The stable word for programs. `unreadable` for an answer that is no problem document, such as a gateway's. */
  readonly code: string;
  /** What happened and what to do, for people. */
  readonly detail: string;
  /** The request's id, for a question to the operator. */
  readonly request_id: string | null;
  /** True when the same call can succeed later. */
  readonly retryable: boolean;
  /** Where the code is explained. */
  readonly doc: string | null;
  /** How many seconds the API asked to wait; `null` when it did not. */
  readonly retry_after: number | null;
  /** The limits that were exceeded, by their names in `RateLimit-Policy`. */
  readonly violated_policies: readonly string[];

  constructor(operation: string, status: number, headers: Headers, body: unknown) {
    const said = isProblem(body) ? body : null;
    const code = said?.code ?? "unreadable";
    const detail = said?.detail ?? `The answer was ${status} and cannot be read.`;
    const id = said?.request_id ?? headers.get("x-request-id");
    super(`${operation}: ${code}: ${detail}${id ? ` (request ${id})` : ""}`);
    this.operation = operation;
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.request_id = id;
    this.retryable = said?.retryable ?? TEMPORARY.has(status);
    this.doc = said?.doc ?? null;
    this.retry_after = seconds(headers.get("retry-after"));
    this.violated_policies = said?.["violated-policies"] ?? [];
  }
}

/** No answer: the API was not reached, the time ran out, or the answer broke off. */
export class MooringUnreachable extends Error {
  override readonly name = "MooringUnreachable";
  /** The operation that was called. */
  readonly operation: string;
  /** True when the time of a try ran out. */
  readonly timed_out: boolean;

  constructor(operation: string, cause: unknown) {
    const timedOut = cause instanceof Error && cause.name === "TimeoutError";
    super(`${operation}: ${timedOut ? "no answer in time" : "the API could not be reached, or its answer broke off"}`, { cause });
    this.operation = operation;
    this.timed_out = timedOut;
  }
}

interface Said {
  code: string;
  detail: string;
  request_id: string;
  retryable: boolean;
  doc: string;
  "violated-policies"?: string[];
}

/** Statuses of a gateway that a later try may not meet again. */
const TEMPORARY = new Set([429, 502, 503, 504]);

function isProblem(body: unknown): body is Said {
  return typeof body === "object" && body !== null && typeof (body as Said).code === "string"
    && typeof (body as Said).detail === "string" && typeof (body as Said).retryable === "boolean";
}

function seconds(header: string | null): number | null {
  if (header === null) return null;
  const count = Number(header);
  if (Number.isFinite(count)) return Math.max(0, count);
  const until = Date.parse(header);
  return Number.isNaN(until) ? null : Math.max(0, (until - Date.now()) / 1000);
}
