// The client: sends calls, tries them again where that is safe, and reads the answers.

import type { Call, CallOptions, CsvPage, Sender } from "./call.js";
import { Credentials, type Credential } from "./credential.js";
import { Calls, VERSION } from "./generated/calls.js";
import { MooringProblem, MooringUnreachable } from "./problem.js";
import { ending, pause } from "./wait.js";

/** Options of a client. */
export interface MooringOptions {
  /** The API's origin, such as `https://api.example.com`. */
  origin: string;
  /** An API key on a server; in a browser a frontend token, or a function that asks your server for one. */
  credential: Credential;
  /** How long each try may take, in milliseconds; 30 seconds without it. */
  timeoutMs?: number;
  /** How many more tries follow the first one; 4 without it. */
  retries?: number;
  /** The longest wait before a try, in milliseconds; a minute without it. A longer `Retry-After` ends the call. */
  longestWaitMs?: number;
  /** Sends requests in place of the platform's `fetch`. */
  fetch?: typeof fetch;
}

const FIRST_WAIT = 250;
const LONGEST_BACKOFF = 8_000;
/** Methods that can be sent again as they are. */
const REPEATABLE = new Set(["GET", "HEAD", "PUT", "DELETE"]);
/** Refusals before anything was carried out. */
const NOT_BEGUN = new Set([429, 503]);

/** The client of Mooring's API. */
export class Mooring extends Calls {
  protected readonly sender: Sender;

  constructor(options: MooringOptions) {
    super();
    this.sender = new HttpSender(options);
  }
}

class HttpSender implements Sender {
  readonly #origin: string;
  readonly #credentials: Credentials;
  readonly #defaults: { timeoutMs: number; retries: number; longestWaitMs: number };
  readonly #fetch: typeof fetch;

  constructor({ origin, credential, timeoutMs = 30_000, retries = 4, longestWaitMs = 60_000, fetch: send }: MooringOptions) {
    this.#origin = checked(origin);
    this.#credentials = new Credentials(credential);
    this.#defaults = { timeoutMs, retries, longestWaitMs };
    this.#fetch = send ?? ((input, init) => fetch(input, init));
  }

  async send<Answer>(call: Call, options: CallOptions): Promise<Answer> {
    const retries = options.retries ?? this.#defaults.retries;
    const key = call.isKeyed ? (options.idempotencyKey ?? crypto.randomUUID()) : null;
    let renewed = false;
    for (let tries = 0; ; tries += 1) {
      try {
        return (await this.#once(call, options, key)) as Answer;
      } catch (problem) {
        if (options.signal?.aborted) throw options.signal.reason;
        if (isRefusedToken(problem) && this.#credentials.canRenew && !renewed) {
          renewed = true;
          tries -= 1;
          continue;
        }
        const wait = waitAfter(problem, call, tries);
        // Asked this way round, because no comparison with NaN holds: a limit of NaN ends the call.
        if (wait === null || !(wait <= this.#defaults.longestWaitMs && tries < retries)) throw problem;
        await pause(wait, options.signal);
      }
    }
  }

  async #once(call: Call, options: CallOptions, key: string | null): Promise<unknown> {
    const limit = AbortSignal.timeout(options.timeoutMs ?? this.#defaults.timeoutMs);
    const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
    const token = call.isPublic ? null : await this.#token(call, signal);
    const [answer, text] = await this.#exchange(call, request(call, key, token, signal));
    if (answer.status === 401 && token !== null) this.#credentials.forget(token);
    if (!answer.ok) throw new MooringProblem(call.operation, answer.status, answer.headers, parsed(text));
    return read(call, answer, text);
  }

  /** Returns the credential. The time of a try covers the request for a frontend token, which may never be answered. */
  async #token(call: Call, signal: AbortSignal): Promise<string> {
    try {
      return await this.#credentials.token(signal);
    } catch (cause) {
      throw signal.aborted ? new MooringUnreachable(call.operation, signal.reason) : cause;
    }
  }

  async #exchange(call: Call, sent: RequestInit & { signal: AbortSignal }): Promise<[Response, string]> {
    try {
      const answer = await this.#fetch(this.#origin + call.path + search(call.query), sent);
      return [answer, await ending(answer.text(), sent.signal)];
    } catch (cause) {
      throw new MooringUnreachable(call.operation, cause);
    }
  }
}

function request(call: Call, key: string | null, token: string | null, signal: AbortSignal): RequestInit & { signal: AbortSignal } {
  const headers: Record<string, string> = { accept: call.reads === "csv" ? "text/csv" : "application/json" };
  if (token !== null) headers["authorization"] = `Bearer ${token}`;
  if (call.body !== undefined) headers["content-type"] = "application/json";
  if (key !== null) headers["idempotency-key"] = key;
  // A browser names itself and would ask in advance about another header.
  if (!("document" in globalThis)) headers["user-agent"] = `mooring-typescript/${VERSION}`;
  return {
    method: call.method,
    headers,
    body: call.body === undefined ? null : JSON.stringify(call.body),
    signal,
    // The API never redirects a call, and a credential goes to no other place.
    redirect: "error",
    credentials: "omit",
    cache: "no-store",
  };
}

/** Returns the wait before the next try in milliseconds, or `null` when none may follow. */
export function waitAfter(problem: unknown, call: Pick<Call, "method" | "isKeyed">, tries: number): number | null {
  const isRepeatable = REPEATABLE.has(call.method) || call.isKeyed === true;
  const backoff = Math.random() * Math.min(LONGEST_BACKOFF, FIRST_WAIT * 2 ** (tries + 1));
  if (problem instanceof MooringUnreachable) return isRepeatable ? backoff : null;
  if (!(problem instanceof MooringProblem) || !problem.retryable) return null;
  if (!isRepeatable && !NOT_BEGUN.has(problem.status)) return null;
  // All clients that were told the same second come back spread over the next one.
  return problem.retry_after === null ? backoff : problem.retry_after * 1000 + Math.random() * 500;
}

function isRefusedToken(problem: unknown): boolean {
  return problem instanceof MooringProblem && problem.status === 401;
}

function checked(origin: string): string {
  const url = new URL(origin);
  const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLocal)) {
    throw new TypeError("The API's origin has to be https, or http on this machine.");
  }
  if (url.pathname !== "/" || url.search || url.hash || url.username || url.password) {
    throw new TypeError("The API's origin has to be an origin: no user, no path, no query.");
  }
  return url.origin;
}

function search(query: object | undefined): string {
  const sent = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null);
  if (sent.length === 0) return "";
  return `?${new URLSearchParams(sent.map(([name, value]) => [name, String(value)]))}`;
}

function read(call: Call, answer: Response, text: string): unknown {
  if (call.reads === "none") return undefined;
  if (call.reads === "csv") {
    const { headers } = answer;
    return { text, next_cursor: nextCursor(headers.get("link")), completeness: headers.get("mooring-completeness") } satisfies CsvPage;
  }
  const body = parsed(text);
  if (body === undefined) throw new MooringProblem(call.operation, answer.status, answer.headers, undefined);
  return body;
}

function nextCursor(link: string | null): string | null {
  const target = link?.match(/<([^>]*)>\s*;\s*rel="?next"?/)?.[1];
  return target === undefined ? null : new URL(target, "https://api.invalid").searchParams.get("cursor");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
