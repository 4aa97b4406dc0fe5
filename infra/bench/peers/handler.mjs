// The peer of connections-read: makes the calls in CALLS with the SDK for JavaScript, under the same Runtime API.

import crypto from "node:crypto";
import http from "node:http";

import {
  BatchGetItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { DecryptCommand, KMSClient } from "@aws-sdk/client-kms";

const clients = { DynamoDB_20120810: new DynamoDBClient({}), TrentService: new KMSClient({}) };
const commands = { BatchGetItemCommand, DecryptCommand, GetItemCommand, PutItemCommand, QueryCommand, UpdateItemCommand };

// Returns JSON as it was on the wire, with bytes where the SDK wants bytes.
const native = (value, name) => {
  if (name === "B" || name === "CiphertextBlob") return Buffer.from(value, "base64");
  if (Array.isArray(value)) return value.map((inner) => native(inner));
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, native(inner, key)]));
  }
  return value;
};

const calls = JSON.parse(process.env.CALLS).map(({ target, input }) => {
  const [service, operation] = target.split(".");
  return { client: clients[service], Command: commands[`${operation}Command`], input: native(input) };
});

const key = Buffer.alloc(32);
const nonce = Buffer.alloc(12);
const cipher = crypto.createCipheriv("aes-256-gcm", key, nonce);
const sealed = Buffer.concat([cipher.update(Buffer.alloc(200)), cipher.final()]);
const tag = cipher.getAuthTag();

const REFUSALS = new Set(["ConditionalCheckFailedException", "TransactionCanceledException"]);

const handle = async (event) => {
  const answers = [];
  for (const { client, Command, input } of calls) {
    try {
      answers.push(Object.keys(await client.send(new Command(input))).length);
    } catch (error) {
      // A call of the second round can be refused by its condition; any other failure would be measured as if it were work.
      if (!REFUSALS.has(error.name)) throw error;
      answers.push(0);
    }
  }
  const open = crypto.createDecipheriv("aes-256-gcm", key, nonce);
  open.setAuthTag(tag);
  const name = Buffer.concat([open.update(sealed), open.final()]).toString();
  return { statusCode: 200, body: JSON.stringify({ id: event.pathParameters?.id, name, answers }) };
};

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const call = (method, path, body) =>
  new Promise((resolve, reject) => {
    const headers = body ? { "content-length": Buffer.byteLength(body) } : {};
    const request = http.request({ host, port, path, method, agent, headers }, (response) => {
      let text = "";
      response.on("data", (part) => (text += part));
      response.on("end", () => resolve([response.headers, text]));
    });
    request.on("error", reject);
    request.end(body);
  });

for (;;) {
  const [headers, text] = await call("GET", "/2018-06-01/runtime/invocation/next");
  const id = headers["lambda-runtime-aws-request-id"];
  // Without this answer the caller would wait ten minutes for a handler that has failed.
  const [kind, body] = await handle(JSON.parse(text)).then(
    (answer) => ["response", answer],
    (error) => ["error", { errorType: error.name, errorMessage: error.message }],
  );
  await call("POST", `/2018-06-01/runtime/invocation/${id}/${kind}`, JSON.stringify(body));
}
