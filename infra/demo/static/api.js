// Calls to the API from this page's origin, with a short-lived frontend token that our server half mints.

import { now } from "./clock.js";
import { parseExact } from "./money.js";
import { mintToken, Problem } from "./server.js";

/** The page no longer uses a token that ends within this time. */
const SPARE = 60_000;

let origin = null;
let minting = null;

/** Takes the API's origin, and the token that came with the session, if one did. */
export function useApi(apiOrigin, token) {
  origin = apiOrigin;
  minting = token ? Promise.resolve(token) : null;
}

/** Calls the API and reads its JSON; null for an empty answer. */
export async function call(method, path, body) {
  const text = await (await send(method, path, body, "application/json")).text();
  return text === "" ? null : parseExact(text);
}

/** Notes that a page of a list is turned. A list that leads back to a page would never end. */
export function turn(turned, page) {
  if (turned.has(page)) throw new Error("The API named a page twice.");
  turned.add(page);
}

/** Calls the API for every page of a list, the first one unless it is there already; returns it with the items of all. */
export async function callAll(path, items, first) {
  const whole = first ?? await call("GET", path);
  const turned = new Set();
  for (let cursor = whole.next_cursor; cursor;) {
    turn(turned, cursor);
    const page = await call("GET", `${path}${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(cursor)}`);
    for (const item of page[items]) whole[items].push(item);
    cursor = page.next_cursor;
  }
  return whole;
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
  throw await Problem.of(response);
}

/** Returns the current token; one request for a new token serves all calls that wait for it. */
async function bearer(isSecond = false) {
  minting ??= mintToken();
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
  return fetch(origin + path, {
    method, headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: "omit", cache: "no-store",
  });
}
