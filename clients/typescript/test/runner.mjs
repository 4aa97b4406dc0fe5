// The whole way with the client against the local runner. Started by tests/clients/run.py, whose person opens the printed
// page and writes the address of the return page to standard input.
//
// The environment has API, KEY and RETURN_URL.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline/promises";

import { Mooring, MooringProblem, PAGES, verifyWebhook, VERSION, WebhookRefused } from "mooring-client";

const { API, KEY, RETURN_URL } = process.env;
/** How long something that happens by itself may take, in milliseconds. */
const PATIENCE = 600_000;
/** What the API answers to a path or a method that it does not have. */
const NO_ROUTE = ["no_route", "method_not_allowed", "unreadable"];

const called = new Set();
/** The names of each method's arguments. */
const named = new Map();
const generated = Object.getPrototypeOf(Mooring.prototype);
const methods = Object.getOwnPropertyNames(generated).filter((name) => name !== "constructor");
for (const name of methods) {
  const method = generated[name];
  named.set(name, method.toString().match(/\(([^)]*)/)[1].split(",").map((argument) => argument.trim().split(" ")[0]));
  generated[name] = function (...given) {
    called.add(name);
    return method.apply(this, given);
  };
}

const client = new Mooring({ origin: API, credential: KEY });
const day = (ago) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
const all = async (rows) => Array.fromAsync(rows);
const endUser = `typescript-${process.version}`;

await open();
const { connection, account } = await connect();
await report();
await browser();
await webhooks();
await letGo();
await rest();
console.log(`${methods.length} methods called on Node ${process.version}`);

async function open() {
  assert.equal((await client.getHealth()).status, "ok");
  await client.headHealth();
  assert.equal((await client.getOpenApi()).info.version, VERSION);
  assert.ok((await client.showFront()).health);
  await refused(new Mooring({ origin: API, credential: "moor_test_nobodys" }).listConnections(), 401);
  const problem = await refused(client.getConnection("con_01J9ZK3V8Q2M4T6W8X0Y2A4B6C"), 404, "not_found");
  assert.ok(problem.request_id && problem.doc.includes("not_found") && problem.retryable === false);
  await refused(client.createConnectSession({ end_user: "user-1", platform: "no_such", return_url: RETURN_URL }), 400);
}

async function connect() {
  const asked = { end_user: endUser, platform: "tiktok_ads", return_url: RETURN_URL };
  const session = await client.createConnectSession(asked, { idempotencyKey: `${endUser}-1` });
  assert.deepEqual(await client.createConnectSession(asked, { idempotencyKey: `${endUser}-1` }), session, "one session for one key");
  console.log(`Open ${session.url}`);
  const terminal = createInterface({ input: process.stdin });
  const back = new URL((await terminal[Symbol.asyncIterator]().next()).value).searchParams;
  terminal.close();
  const id = back.get("connection_id");
  const active = await client.activateConnection(id, { code: back.get("code"), end_user: endUser });
  assert.equal(active.state, "active");
  const synced = await until(async () => (await client.getConnection(id)).accounts.find((one) => one.last_synced_at));
  return { connection: id, account: synced };
}

async function report() {
  const question = { connection_id: connection, account_id: account.id, level: "campaign", from: day(8), to: day(2), metrics: ["spend", "clicks"] };
  // The newest days come first. Two answers are alike once no day of the question is on its way any more.
  const isHere = ({ status }) => ["provisional", "complete"].includes(status);
  const whole = await until(async () => {
    const found = await client.queryReport({ ...question, limit: 1000 });
    return found.completeness.every(isHere) ? found : null;
  });
  assert.ok(whole.rows.length > 2 && whole.rows[0].metrics.spend.currency === whole.currency);
  const rows = await all(client.allReportRows({ ...question, limit: 2 }));
  assert.deepEqual(rows, whole.rows, "small pages hold what one page holds");
  const table = await client.exportReport({ ...question, limit: 2 });
  assert.match(table.text, /^day,.*\n/);
  assert.ok(table.next_cursor && table.completeness);
  assert.notEqual((await client.exportReport({ ...question, limit: 2, cursor: table.next_cursor })).text, table.text);
  await refused(client.queryReport({ ...question, level: "planet" }), 400, "unknown_level");
  const mine = await all(client.allConnections({ end_user: endUser, limit: 1 }));
  assert.deepEqual(mine.map(({ id }) => id), [connection]);
  assert.equal((await client.listConnections({ end_user: endUser })).connections.length, 1);
}

async function browser() {
  let minted = 0;
  const mint = () => ((minted += 1), client.createFrontendToken({ end_user: endUser, scopes: ["connections.read"] }));
  const page = new Mooring({ origin: API, credential: mint });
  assert.equal((await all(page.allConnections())).length, 1);
  assert.equal((await page.getConnection(connection)).id, connection);
  assert.equal(minted, 1);
  await refused(page.disconnectConnection(connection), 403);
}

async function webhooks() {
  const came = [];
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    came.push({ headers: request.headers, body: Buffer.concat(parts) });
    response.writeHead(204).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${server.address().port}/hook`;
  const { id, secret } = await client.createWebhookEndpoint({ url, event_types: ["connection.activated"], description: "A test" });
  const sent = await client.testWebhookEndpoint(id);
  const { headers, body } = await until(() => came.shift());
  const event = await verifyWebhook(secret, body, headers);
  assert.equal(event.type, "webhook.test");
  await assert.rejects(verifyWebhook(secret, `${body} `, headers), WebhookRefused);
  await until(async () => (await client.getWebhookDelivery(id, sent.id)).state === "delivered");
  await client.replayWebhookDelivery(id, sent.id);
  const again = await until(() => came.shift());
  assert.equal(again.headers["webhook-id"], headers["webhook-id"]);
  const rotated = await client.rotateWebhookSecret(id);
  await client.testWebhookEndpoint(id);
  const both = await until(() => came.shift());
  for (const one of [secret, rotated.secret]) await verifyWebhook(one, both.body, both.headers);
  assert.ok((await all(client.allWebhookDeliveries(id, { limit: 1 }))).length >= 2);
  assert.equal((await client.listWebhookDeliveries(id, { limit: 1 })).deliveries.length, 1);
  assert.equal((await client.changeWebhookEndpoint(id, { enabled: false })).disabled_reason, "requested");
  assert.equal((await client.getWebhookEndpoint(id)).enabled, false);
  assert.ok((await all(client.allWebhookEndpoints())).some((one) => one.id === id));
  await client.listWebhookEndpoints();
  await client.deleteWebhookEndpoint(id);
  await refused(client.getWebhookEndpoint(id), 404);
  server.close();
}

async function letGo() {
  const one = await client.disconnectAccount(connection, account.id);
  assert.equal(one.subject.account_id, account.id);
  const whole = await client.disconnectConnection(connection);
  assert.equal(whole.state, "purging");
  assert.equal((await client.getDeletion(whole.id)).id, whole.id);
  await refused(client.getReceipt(whole.id), 409);
  assert.ok((await all(client.allDeletions({ limit: 1 }))).length >= 2);
  await client.listDeletions();
  const code = new URL(whole.status_url).pathname.split("/").at(-1);
  assert.ok((await client.showDeletionStatus(code)).state);
  await refused(client.requestDeletion({ connection_id: "con_01J9ZK3V8Q2M4T6W8X0Y2A4B6C" }), 404);
  assert.ok((await client.requestDeletionByMail({ email: "ada@example.com" })).message);
}

/** Calls what was not called above with values that exist nowhere: the API knows the way and refuses the values. */
async function rest() {
  for (const name of methods.filter((one) => !called.has(one))) {
    const values = named.get(name).map((argument) => (["query", "body", "options"].includes(argument) ? {} : "none"));
    const problem = await attempt(client[name](...values));
    assert.ok(problem === null || problem instanceof MooringProblem, `${name}: ${problem}`);
    assert.ok(problem === null || !NO_ROUTE.includes(problem.code), `${name}: ${problem}`);
  }
  assert.deepEqual([...called].toSorted(), methods.toSorted());
  assert.ok(PAGES.length > 0 && !PAGES.some((page) => methods.includes(page)));
}

/** Waits for an answer, or for the first row of a list; returns the problem. */
async function attempt(asked) {
  try {
    await (asked.next?.() ?? asked);
    return null;
  } catch (problem) {
    return problem;
  }
}

async function refused(call, status, code) {
  const problem = await call.then(() => assert.fail("it was not refused"), (error) => error);
  assert.ok(problem instanceof MooringProblem, String(problem));
  assert.equal(problem.status, status, String(problem));
  assert.notEqual(problem.code, "unreadable");
  if (code) assert.equal(problem.code, code);
  return problem;
}

async function until(ask) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const found = await ask();
    if (found) return found;
    assert.ok(Date.now() < end, "it did not happen");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
