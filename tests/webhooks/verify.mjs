// Verifies the deliveries of a running stack with the stock library of Standard Webhooks for Node.
//
//     npm ci --prefix tests/webhooks
//     cargo build --bin mooring
//     node tests/webhooks/verify.mjs target/debug/mooring

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { Webhook, WebhookVerificationError } from "standardwebhooks";

/** How long a start or a delivery may take, in milliseconds: only a broken stack needs as long. */
const PATIENCE = 300_000;

/** A customer's server: passes calls on, and answers with the given statuses. */
const answers = [];
const came = [];
const waiting = [];
const server = createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  response.writeHead(answers.shift() ?? 204).end();
  const heard = { headers: request.headers, body: Buffer.concat(parts).toString("utf8") };
  const next = waiting.shift();
  if (next) next(heard);
  else came.push(heard);
});

/** Returns the next call that came, or comes. */
function next() {
  if (came.length > 0) return Promise.resolve(came.shift());
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("nothing came")), PATIENCE);
    waiting.push((heard) => (clearTimeout(late), resolve(heard)));
  });
}

/** Waits until a stack is up, and returns the API's address and a key. */
async function started(stack) {
  const late = setTimeout(() => stack.kill("SIGKILL"), PATIENCE);
  const found = {};
  try {
    for await (const line of createInterface({ input: stack.stdout })) {
      const match = /^\s+(api|api key)\s{2,}(\S+)$/.exec(line);
      if (match) found[match[1]] = match[2];
      if (found.api && found["api key"]) return { origin: found.api, key: found["api key"] };
    }
  } finally {
    clearTimeout(late);
    // Unread lines would fill the pipe, and the stack would wait.
    stack.stdout.resume();
  }
  throw new Error("the stack did not start");
}

/** Ends a stack, unless it has ended already: then no further exit would come. */
async function end(stack) {
  if (stack.exitCode !== null || stack.signalCode !== null) return;
  const late = setTimeout(() => stack.kill("SIGKILL"), PATIENCE);
  stack.kill();
  await once(stack, "exit");
  clearTimeout(late);
}

async function post({ origin, key }, path, body) {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const answer = await fetch(origin + path, { method: "POST", headers, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return answer.json();
}

async function verify(api, url) {
  const made = await post(api, "/v1/webhook-endpoints", { url });
  const test = `/v1/webhook-endpoints/${made.id}/test`;
  answers.push(500);
  await post(api, test);
  const [first, second] = [await next(), await next()];
  for (const { headers, body } of [first, second]) {
    assert.equal(new Webhook(made.secret).verify(body, headers).type, "webhook.test");
  }
  assert.equal(first.headers["webhook-id"], second.headers["webhook-id"]);
  const { secret } = await post(api, `/v1/webhook-endpoints/${made.id}/rotate-secret`);
  await post(api, test);
  const third = await next();
  for (const one of [made.secret, secret]) new Webhook(one).verify(third.body, third.headers);
  for (const [what, body, headers] of [
    ["another body", `${first.body} `, first.headers],
    ["another id", first.body, { ...first.headers, "webhook-id": "evt_1" }],
    ["another time", first.body, { ...first.headers, "webhook-timestamp": "1" }],
    ["another event's signature", first.body, { ...first.headers, "webhook-signature": third.headers["webhook-signature"] }],
  ]) {
    assert.throws(() => new Webhook(made.secret).verify(body, headers), WebhookVerificationError, what);
  }
  console.log("standardwebhooks (Node): 3 deliveries verified, one of them by two secrets; 4 kinds of forgery refused");
}

server.listen(0, "127.0.0.1");
await once(server, "listening");
const folder = mkdtempSync(join(tmpdir(), "mooring-"));
try {
  const options = ["--ephemeral", "--port", "0", "--ads", "3", "--advertisers", "1"];
  const stack = spawn(resolve(process.argv[2]), options, { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
  await once(stack, "spawn");
  try {
    await verify(await started(stack), `http://127.0.0.1:${server.address().port}/hooks?token=t`);
  } finally {
    await end(stack);
  }
} finally {
  rmSync(folder, { recursive: true });
  server.close();
}
