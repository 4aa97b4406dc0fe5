// The client of Mooring's API.

export type { CallOptions, CsvPage } from "./call.js";
export { Mooring, type MooringOptions } from "./client.js";
export type { Credential, MintedToken } from "./credential.js";
export { PAGES, VERSION, type WebhookEvent } from "./generated/calls.js";
export type * from "./generated/schema.js";
export { MooringProblem, MooringUnreachable } from "./problem.js";
export { verifyWebhook, WebhookRefused, type DeliveryHeaders } from "./webhook.js";
