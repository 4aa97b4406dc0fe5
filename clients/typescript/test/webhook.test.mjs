// Deliveries that the stock library signed are verified, forged ones are refused.

import assert from "node:assert/strict";
import { test } from "node:test";

import { verifyWebhook, WebhookRefused } from "mooring-client";
import { Webhook } from "standardwebhooks";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const BODY = JSON.stringify({ type: "webhook.test", timestamp: "2026-11-26T10:00:31.123Z", data: { name: "Café ☕" } });
const NOW = new Date("2026-11-26T10:00:31Z");

function delivery(secret = SECRET, { id = "evt_1", at = NOW, body = BODY } = {}) {
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": new Webhook(secret).sign(id, at, body),
  };
}

test("a delivery is verified, as text and as bytes, with headers of every kind", async () => {
  const headers = delivery();
  for (const given of [headers, new Headers(headers)]) {
    for (const body of [BODY, new TextEncoder().encode(BODY), Buffer.from(BODY)]) {
      const event = await verifyWebhook(SECRET, body, given, NOW);
      assert.equal(event.type, "webhook.test");
    }
  }
});

test("while a secret is replaced both fit", async () => {
  const headers = delivery(OTHER);
  headers["webhook-signature"] = `v1a,${"A".repeat(88)} ${delivery()["webhook-signature"]} ${headers["webhook-signature"]}`;
  await verifyWebhook(OTHER, BODY, headers, NOW);
  await verifyWebhook([SECRET, OTHER], BODY, delivery(OTHER), NOW);
});

test("forgeries are refused", async () => {
  const late = (seconds) => delivery(SECRET, { at: new Date(NOW.getTime() + seconds * 1000) });
  const changed = (name, value) => ({ ...delivery(), [name]: value });
  for (const [why, headers, body] of [
    ["another secret", delivery(OTHER), BODY],
    ["another body", delivery(), `${BODY} `],
    ["another id", changed("webhook-id", "evt_2"), BODY],
    ["no id", changed("webhook-id", undefined), BODY],
    ["no signature", changed("webhook-signature", ""), BODY],
    ["a signature of another kind", changed("webhook-signature", delivery()["webhook-signature"].replace("v1,", "v2,")), BODY],
    ["a signature that is no base64", changed("webhook-signature", "v1,%%%"), BODY],
    ["a half signature", changed("webhook-signature", delivery()["webhook-signature"].slice(0, 20)), BODY],
    ["a time that is none", changed("webhook-timestamp", "1e9"), BODY],
    ["too old", late(-301), BODY],
    ["of the future", late(302), BODY],
    ["signed, and no JSON", delivery(SECRET, { body: "{" }), "{"],
  ]) {
    await assert.rejects(verifyWebhook(SECRET, body, headers, NOW), WebhookRefused, why);
  }
  await verifyWebhook(SECRET, BODY, late(-299), NOW);
});

test("a secret that is none is a mistake of the caller", async () => {
  for (const secret of ["", "whsec_", "whsec_%%%"]) {
    await assert.rejects(verifyWebhook(secret, BODY, delivery(), NOW), TypeError);
  }
});
