// Calls to our own server half: who is visiting, the stack's time, and the frontend token.

/** A refusal of the API or of our server half. */
export class Problem extends Error {
  constructor(status, body, retryAfter) {
    super(body?.detail ?? body?.title ?? String(status));
    this.status = status;
    this.code = body?.code ?? "unknown";
    this.requestId = body?.request_id ?? null;
    this.retryAfter = Number(retryAfter) || null;
  }

  /** Reads the refusal that a response is. */
  static async of(response) {
    const body = await response.json().catch(() => null);
    return new Problem(response.status, body, response.headers.get("retry-after"));
  }
}

/** Asks who is visiting; sets the cookie of a new visitor. The page's head has this answer fetched ahead. */
export const openSession = () => read(fetch("/session", { credentials: "same-origin" }));

/** Mints a frontend token. */
export const mintToken = () => post("/token");

/** Becomes another of the demo's people. */
export const switchPerson = (person) => post("/person", { person });

/** Reads another language. */
export const switchLanguage = (language) => post("/language", { language });

/** Asks for the stack's time. */
export const serverNow = async () => Date.parse((await read(fetch("/clock", { cache: "no-store" }))).now);

/** Moves the stack's time. */
export const skipTo = (until) => post("/clock", { until });

function post(path, body) {
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  return read(fetch(path, { method: "POST", headers, body: body && JSON.stringify(body), cache: "no-store" }));
}

async function read(answer) {
  const response = await answer;
  if (!response.ok) throw await Problem.of(response);
  return response.status === 204 ? null : response.json();
}
