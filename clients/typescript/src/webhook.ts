// Verifies the deliveries of webhooks, as Standard Webhooks says.

import type { WebhookEvent } from "./generated/calls.js";

/** A delivery that Mooring did not send, or sent too long ago, or whose body cannot be read. */
export class WebhookRefused extends Error {
  override readonly name = "WebhookRefused";
}

/** The headers of a delivery: those of `fetch`, or an object with names in lower case. */
export type DeliveryHeaders = Headers | Record<string, string | string[] | undefined>;

/** How far the time of a delivery may be from now, in seconds. */
const TOLERANCE = 300;
const PREFIX = "whsec_";

/**
 * Verifies a delivery and returns its event. Throws {@link WebhookRefused}.
 *
 * `body` has to be the body as it came, byte by byte. Give both secrets while one takes the other's place.
 */
export async function verifyWebhook(
  secrets: string | readonly string[],
  body: string | Uint8Array,
  headers: DeliveryHeaders,
  now: Date = new Date(),
): Promise<WebhookEvent> {
  const [id, timestamp, signatures] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => valueOf(headers, name));
  if (!id || !timestamp || !signatures) throw new WebhookRefused("A header of the delivery is missing.");
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now.getTime() / 1000 - Number(timestamp)) > TOLERANCE) {
    throw new WebhookRefused("The delivery is too old, or of the future.");
  }
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const signed = joined(new TextEncoder().encode(`${id}.${timestamp}.`), bytes);
  for (const secret of typeof secrets === "string" ? [secrets] : secrets) {
    if (await isSigned(secret, signed, signatures)) return event(bytes);
  }
  throw new WebhookRefused("No signature of the delivery fits.");
}

function event(bytes: Uint8Array): WebhookEvent {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as WebhookEvent;
  } catch {
    throw new WebhookRefused("The delivery's body is no event.");
  }
}

async function isSigned(secret: string, signed: Uint8Array<ArrayBuffer>, signatures: string): Promise<boolean> {
  const text = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;
  const raw = decoded(text);
  if (raw === null || raw.length === 0) throw new TypeError("The secret is none of a webhook endpoint.");
  const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
  for (const signature of signatures.split(" ")) {
    const given = signature.startsWith("v1,") ? decoded(signature.slice(3)) : null;
    // The platform compares in constant time.
    if (given && (await crypto.subtle.verify("HMAC", key, given, signed))) return true;
  }
  return false;
}

function valueOf(headers: DeliveryHeaders, name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name) ?? undefined;
  const value = headers[name];
  return Array.isArray(value) ? value.join(" ") : value;
}

function decoded(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
