// What the client does with answers, against a server that gives them. Run by tests/clients/run.py on every stated Node.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import { Mooring, MooringProblem, MooringUnreachable } from "mooring-client";

import { json, problem, Server } from "./server.mjs";

const KEY = "moor_test_canaryKEYthatNobodyMaySee";
const ASKED = { end_user: "user-1", platform: "tiktok_ads", return_url: "https://app.example/back" };
const SESSION = json(201, { url: "https://api.example.com/connect/x", expires_at: "2026-11-30T10:00:00Z" });

const clientOf = (server, options = {}) => new Mooring({ origin: server.origin, credential: KEY, longestWaitMs: 3_000, ...options });

test("a POST has a key, which its retries keep and the next call does not", async (t) => {
  const server = await Server.start(t, problem(503, "unavailable", { "retry-after": "0" }), problem(500, "internal"), SESSION);
  const client = clientOf(server);
  const session = await client.createConnectSession(ASKED);
  assert.equal(session.url, "https://api.example.com/connect/x");
  const keys = server.asked.map(({ headers }) => headers["idempotency-key"]);
  assert.equal(keys.length, 3);
  assert.match(keys[0], /^[0-9a-f-]{36}$/);
  assert.deepEqual(new Set(keys).size, 1);
  await client.createConnectSession(ASKED);
  assert.notEqual(server.asked[3].headers["idempotency-key"], keys[0]);
  await client.createConnectSession(ASKED, { idempotencyKey: "order-17" });
  assert.equal(server.asked[4].headers["idempotency-key"], "order-17");
  assert.deepEqual(JSON.parse(server.asked[4].body), ASKED);
  assert.equal(server.asked[4].headers.authorization, `Bearer ${KEY}`);
  assert.match(server.asked[4].headers["user-agent"], /^mooring-typescript\/\d/);
});

test("Retry-After is waited for, and a longer one than allowed ends the call", async (t) => {
  const server = await Server.start(t, problem(429, "quota_exceeded", { "retry-after": "1" }), json(200, { status: "ok" }));
  const before = performance.now();
  await clientOf(server).getHealth();
  assert.ok(performance.now() - before >= 990, "a second was waited for");
  const closed = await Server.start(t, problem(429, "quota_exceeded", { "retry-after": "60" }, { "violated-policies": ["key"] }), json(200, {}));
  const refused = await assert.rejects(clientOf(closed).listConnections(), MooringProblem).then(() => closed.asked.length);
  assert.equal(refused, 1);
});

test("tries are bounded, and what cannot be sent again is not", async (t) => {
  const server = await Server.start(t, problem(503, "unavailable", { "retry-after": "0" }));
  await assert.rejects(clientOf(server, { retries: 2 }).listConnections(), { status: 503, code: "unavailable" });
  assert.equal(server.asked.length, 3);
  const failing = await Server.start(t, problem(500, "internal"));
  await assert.rejects(clientOf(failing).changeWebhookEndpoint("whe_1", { enabled: true }), { status: 500 });
  assert.equal(failing.asked.length, 1, "a PATCH may have been carried out");
  const refusing = await Server.start(t, problem(404, "not_found"));
  await assert.rejects(clientOf(refusing).getConnection("con_1"), { status: 404 });
  assert.equal(refusing.asked.length, 1, "a refusal stays");
});

test("an option that is undefined is one that was not given", async (t) => {
  const failing = Array(6).fill(problem(503, "unavailable", { "retry-after": "0" }));
  const unset = { timeoutMs: undefined, retries: undefined, longestWaitMs: undefined, idempotencyKey: undefined, signal: undefined };
  const server = await Server.start(t, ...failing, problem(404, "not_found"));
  await assert.rejects(clientOf(server, { retries: 1 }).createConnectSession(ASKED, unset), { status: 503 });
  assert.equal(server.asked.length, 2);
  assert.match(server.asked[0].headers["idempotency-key"], /^[0-9a-f-]{36}$/);
  const other = await Server.start(t, ...failing, problem(404, "not_found"));
  await assert.rejects(clientOf(other, { ...unset, fetch: undefined }).listConnections(), { status: 503 });
  assert.equal(other.asked.length, 5);
  const odd = await Server.start(t, ...failing, problem(404, "not_found"));
  await assert.rejects(clientOf(odd).listConnections({}, { retries: NaN }), { status: 503 });
  assert.equal(odd.asked.length, 1);
});

test("a problem is typed", async (t) => {
  const server = await Server.start(t, problem(429, "quota_exceeded", { "retry-after": "7" }, { "violated-policies": ["tenant"] }));
  const refused = await clientOf(server, { retries: 0 }).listConnections().catch((error) => error);
  assert.ok(refused instanceof MooringProblem && refused instanceof Error);
  const { operation, status, code, detail, request_id, retryable, doc, retry_after, violated_policies } = refused;
  assert.deepEqual({ operation, status, code, detail, request_id, retryable, retry_after, violated_policies }, {
    operation: "listConnections", status: 429, code: "quota_exceeded", detail: "What happened.", request_id: "req-1",
    retryable: true, retry_after: 7, violated_policies: ["tenant"],
  });
  assert.match(doc, /errors#quota_exceeded$/);
  assert.equal(refused.message, "listConnections: quota_exceeded: What happened. (request req-1)");
});

test("an answer that is no problem document is a problem all the same", async (t) => {
  for (const [answer, retryable] of [
    [json(429, { message: "Too Many Requests" }), true],
    [[502, { "content-type": "text/html" }, "<html>"], true],
    [json(413, { message: "Request Too Long" }, { "x-request-id": "req-9" }), false],
    [[200, { "content-type": "text/html" }, "<html>"], false],
  ]) {
    const server = await Server.start(t, answer);
    const refused = await clientOf(server, { retries: 0 }).listConnections().catch((error) => error);
    assert.ok(refused instanceof MooringProblem, String(answer));
    assert.deepEqual([refused.status, refused.code, refused.retryable], [answer[0], "unreadable", retryable]);
    assert.equal(refused.request_id, answer[1]["x-request-id"] ?? null);
  }
});

test("silence, a broken answer and nobody there are one kind of error", async (t) => {
  const silent = await Server.start(t, () => {});
  // The client's tries are counted where they leave: on a slow machine the time is over before one arrives.
  let tries = 0;
  const counted = (...given) => ((tries += 1), fetch(...given));
  const late = await clientOf(silent, { retries: 1, timeoutMs: 100, fetch: counted }).listConnections().catch((error) => error);
  assert.ok(late instanceof MooringUnreachable && late.timed_out);
  assert.equal(tries, 2);
  const broken = await Server.start(t, (request, response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("{");
    setTimeout(() => response.destroy(), 10);
  }, json(200, { connections: [], next_cursor: null }));
  assert.deepEqual((await clientOf(broken).listConnections()).connections, []);
  const nobody = new Mooring({ origin: "http://127.0.0.1:1", credential: KEY, retries: 0 });
  const gone = await nobody.getConnection("con_1").catch((error) => error);
  assert.ok(gone instanceof MooringUnreachable && !gone.timed_out);
});

test("a caller can end a call and its waits", async (t) => {
  const controller = new AbortController();
  const [status, headers, body] = problem(503, "unavailable", { "retry-after": "50" });
  const server = await Server.start(t, (request, response) => {
    response.writeHead(status, headers).end(JSON.stringify(body));
    setTimeout(() => controller.abort(new Error("enough")), 50);
  });
  const waiting = clientOf(server, { longestWaitMs: 60_000 }).listConnections({}, { signal: controller.signal });
  await assert.rejects(waiting, { message: "enough" });
  assert.equal(server.asked.length, 1);
});

test("an iterator goes through all pages", async (t) => {
  const page = (connections, next_cursor) => json(200, { connections, next_cursor });
  const server = await Server.start(t, page([{ id: "con_1" }, { id: "con_2" }], "next/1"), page([], "2"), page([{ id: "con_3" }], null));
  const ids = [];
  for await (const { id } of clientOf(server).allConnections({ end_user: "user 1" })) ids.push(id);
  assert.deepEqual(ids, ["con_1", "con_2", "con_3"]);
  assert.deepEqual(server.asked.map(({ url }) => url), [
    "/v1/connections?end_user=user+1", "/v1/connections?end_user=user+1&cursor=next%2F1", "/v1/connections?end_user=user+1&cursor=2",
  ]);
});

test("a value cannot change the path", async (t) => {
  const server = await Server.start(t, problem(404, "not_found"));
  await assert.rejects(clientOf(server).getConnection("../deletions?x=1#"), { status: 404 });
  assert.equal(server.asked[0].url, "/v1/connections/..%2Fdeletions%3Fx%3D1%23");
});

test("an id that would change the path is refused before anything is called", async (t) => {
  const server = await Server.start(t, json(200, {}));
  for (const id of ["", ".", ".."]) {
    await assert.rejects(async () => clientOf(server).disconnectAccount("con_1", id), TypeError);
    await assert.rejects(async () => clientOf(server).showDeletionStatus(id), TypeError);
  }
  assert.equal(server.asked.length, 0);
});

test("a list that leads back to a page ends", async (t) => {
  const page = (next_cursor) => json(200, { connections: [], next_cursor });
  const server = await Server.start(t, page("a"), page("b"), page("a"));
  await assert.rejects(Array.fromAsync(clientOf(server).allConnections()), /leads back/);
  assert.equal(server.asked.length, 3);
});

test("a body that never ends is over with the time of a try", async (t) => {
  const server = await Server.start(t, (request, response) => {
    response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
    response.write("this is no gzip");
  });
  const late = await clientOf(server, { retries: 0, timeoutMs: 200 }).listConnections().catch((error) => error);
  assert.ok(late instanceof MooringUnreachable, String(late));
});

test("no credential in errors, nor in what shows the client", async (t) => {
  const server = await Server.start(t, problem(401, "unauthorized"));
  const client = clientOf(server, { retries: 0 });
  const refused = await client.listConnections().catch((error) => error);
  const gone = await new Mooring({ origin: "http://127.0.0.1:1", credential: KEY, retries: 0 }).getHealth().catch((error) => error);
  for (const shown of [client, refused, gone]) {
    assert.ok(!inspect(shown, { depth: 9, showHidden: true }).includes("canary") && !JSON.stringify(shown).includes("canary"));
  }
  assert.throws(() => new Mooring({ origin: server.origin, credential: "Bearer canary" }), (error) => !error.message.includes("canary"));
});

test("an origin is one, and a credential crosses no network in the clear", () => {
  for (const origin of ["http://api.example.com", "https://user@api.example.com", "https://api.example.com/v1", "ftp://api.example.com", "api"]) {
    assert.throws(() => new Mooring({ origin, credential: KEY }), TypeError, origin);
  }
  for (const origin of ["https://api.example.com", "http://localhost:8787", "http://[::1]:8787/"]) new Mooring({ origin, credential: KEY });
});

test("a redirect is not followed", async (t) => {
  const other = await Server.start(t, json(200, { connections: [] }));
  const server = await Server.start(t, [302, { location: `${other.origin}/v1/connections` }, ""]);
  await assert.rejects(clientOf(server, { retries: 0 }).listConnections(), MooringUnreachable);
  assert.equal(other.asked.length, 0);
});

test("frontend tokens are minted once, again when they end, and once more after a refusal", async (t) => {
  const server = await Server.start(t, json(200, { connections: [], next_cursor: null }));
  let minted = 0;
  const soon = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString();
  const mint = (minutes) => async () => ({ token: `moor_ft_test_${(minted += 1)}`, expires_at: soon(minutes) });
  const client = clientOf(server, { credential: mint(60) });
  await Promise.all([client.listConnections(), client.listConnections(), client.listConnections()]);
  assert.equal(minted, 1);
  const ending = clientOf(server, { credential: mint(0.5) });
  await ending.listConnections();
  await ending.listConnections();
  assert.ok(minted > 2, `${minted} were minted`);
  const refusing = await Server.start(t, problem(401, "unauthorized"), json(200, { connections: [], next_cursor: null }));
  await clientOf(refusing, { credential: mint(60), retries: 0 }).listConnections();
  const [first, second] = refusing.asked.map(({ headers }) => headers.authorization);
  assert.notEqual(first, second);
  const closed = await Server.start(t, problem(401, "unauthorized"));
  await assert.rejects(clientOf(closed, { credential: mint(60) }).listConnections(), { status: 401 });
  assert.equal(closed.asked.length, 2);
});

/** Counts the tokens, which the n-th request gets from the n-th of the given functions; the last one stays. */
function minting(...mints) {
  const mint = () => mints[Math.min((mint.count += 1), mints.length) - 1](`moor_ft_test_${mint.count}`);
  return Object.assign(mint, { count: 0 });
}
const lasting = (minutes) => async (token) => ({ token, expires_at: new Date(Date.now() + minutes * 60_000).toISOString() });
const never = () => new Promise(() => {});
const EMPTY = json(200, { connections: [], next_cursor: null });
const tenOf = (client) => Promise.all(Array.from({ length: 10 }, () => client.listConnections()));

test("one request for a token serves all calls when a token ends", async (t) => {
  const server = await Server.start(t, EMPTY);
  const credential = minting(lasting(0.5));
  const client = clientOf(server, { credential });
  await client.listConnections();
  await tenOf(client);
  assert.equal(credential.count, 2);
});

test("one request for a token serves all calls that were refused, also those that hear it later", async (t) => {
  let refused = 0;
  const server = await Server.start(t, ({ headers }, response) => {
    if (headers.authorization !== "Bearer moor_ft_test_1") return response.writeHead(200).end(JSON.stringify(EMPTY[2]));
    setTimeout(() => response.writeHead(401).end("{}"), (refused += 1) * 20);
  });
  const credential = minting(lasting(60));
  await tenOf(clientOf(server, { credential, retries: 0 }));
  assert.deepEqual([refused, credential.count, server.asked.length], [10, 2, 20]);
});

test("the time of a try and a signal end the wait for a token, which then holds no later call", async (t) => {
  const server = await Server.start(t, EMPTY);
  const failingLate = () => new Promise((_, reject) => setTimeout(reject, 200, new Error("nobody listens any more")));
  const credential = minting(failingLate, never, lasting(60));
  const client = clientOf(server, { credential, retries: 0 });
  const late = await client.listConnections({}, { timeoutMs: 50 }).catch((error) => error);
  assert.ok(late instanceof MooringUnreachable && late.timed_out, String(late));
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error("enough")), 50);
  await assert.rejects(client.listConnections({}, { signal: controller.signal }), { message: "enough" });
  await assert.rejects(client.listConnections({}, { signal: controller.signal }), { message: "enough" });
  assert.deepEqual([credential.count, server.asked.length], [2, 0], "a call that is over asks for no token");
  await client.listConnections();
  assert.deepEqual([credential.count, server.asked.length], [3, 1]);
  const trying = clientOf(server, { credential: minting(never, lasting(60)), timeoutMs: 300, retries: 1 });
  await trying.listConnections();
});

test("a call that gives up takes no token from the others, and a late token is kept", async (t) => {
  const server = await Server.start(t, EMPTY);
  const [token, controller] = [Promise.withResolvers(), new AbortController()];
  const credential = minting(() => token.promise);
  const client = clientOf(server, { credential });
  const patient = client.listConnections();
  const impatient = client.listConnections({}, { signal: controller.signal });
  controller.abort(new Error("enough"));
  await assert.rejects(impatient, { message: "enough" });
  token.resolve(await lasting(60)("moor_ft_test_late"));
  await patient;
  await client.listConnections();
  assert.deepEqual(server.asked.map(({ headers }) => headers.authorization), Array(2).fill("Bearer moor_ft_test_late"));
  assert.equal(credential.count, 1);
});

test("a failed request for a token is its caller's error, and the next call asks again", async (t) => {
  const server = await Server.start(t, EMPTY);
  const failing = async () => { throw new Error("no session"); };
  const client = clientOf(server, { credential: minting(failing, async () => ({ token: "moor_ft_canary\n" }), lasting(60)) });
  await assert.rejects(client.listConnections(), { message: "no session" });
  const odd = await client.listConnections().catch((error) => error);
  assert.ok(odd instanceof TypeError && !inspect(odd, { depth: 9 }).includes("canary"), inspect(odd));
  await client.listConnections();
  assert.equal(server.asked.length, 1);
});

test("a browser gets no API key", () => {
  globalThis.document = {};
  try {
    assert.throws(() => new Mooring({ origin: "https://api.example.com", credential: KEY }), /belongs on a server/);
    new Mooring({ origin: "https://api.example.com", credential: "moor_ft_test_x" });
  } finally {
    delete globalThis.document;
  }
});
