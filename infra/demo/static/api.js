// Calls to the API from this page's origin, with a short-lived frontend token that our server half mints.

import { now } from "./clock.js";
import { parseExact } from "./money.js";

/** The page no longer uses a token that ends within this time. */
const SPARE = 60_000;

let session = null;
let minting = null;

/** A refusal of the API or of our server half, in its own words. */
export class Problem extends Error {
  constructor(status, body, retryAfter) {
    super(body?.detail ?? body?.title ?? `The answer was ${status}.`);
    this.status = status;
    this.code = body?.code ?? "unknown";
    this.requestId = body?.request_id ?? null;
    this.retryAfter = Number(retryAfter) || null;
  }
}

/** Asks our server half who is visiting; sets the cookie of a new visitor. */
export async function openSession() {
  session = await own("GET", "/session");
  return session;
}

/** Becomes another of the demo's people. */
export const switchPerson = (person) => own("POST", "/person", { person });

/** Asks for the stack's time. */
export const serverNow = async () => Date.parse((await own("GET", "/clock")).now);

/** Moves the stack's time. */
export const skipTo = (until) => own("POST", "/clock", { until });

/** Calls the API and reads its JSON; null for an empty answer. */
export async function call(method, path, body) {
  const text = await (await send(method, path, body, "application/json")).text();
  return text === "" ? null : parseExact(text);
}

/** Calls the API and returns the response as it is, for CSV and for files. */
export const fetchAs = (path, accept) => send("GET", path, undefined, accept);

async function send(method, path, body, accept) {
  let response = await attempt(method, path, body, accept);
  if (response.status === 401) {
    minting = null;
    response = await attempt(method, path, body, accept);
  }
  if (response.ok) return response;
  throw new Problem(response.status, await readable(response), response.headers.get("retry-after"));
}

/** Returns the current token; one request for a new token serves all calls that wait for it. */
async function bearer(isSecond = false) {
  minting ??= own("POST", "/token");
  const mine = minting;
  try {
    const { token, expires_at } = await mine;
    if (isSecond || Date.parse(expires_at) - now() > SPARE) return `Bearer ${token}`;
  } catch (problem) {
    if (minting === mine) minting = null;
    throw problem;
  }
  if (minting === mine) minting = null;
  return bearer(true);
}

async function attempt(method, path, body, accept) {
  const headers = { accept, authorization: await bearer() };
  if (body !== undefined) headers["content-type"] = "application/json";
  return fetch(session.api_origin + path, {
    method, headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: "omit", cache: "no-store",
  });
}

async function own(method, path, body) {
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  const response = await fetch(path, { method, headers, body: body && JSON.stringify(body), cache: "no-store" });
  if (!response.ok) throw new Problem(response.status, await readable(response));
  return response.status === 204 ? null : response.json();
}

async function readable(response) {
  try {
    return await response.json();
  } catch {
    return null;
  }
}
