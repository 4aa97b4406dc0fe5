import assert from "node:assert/strict";
import { test } from "node:test";

import { syncLines } from "../../../infra/demo/static/sync.js";
import { speak } from "../lib/texts.mjs";

const idle = { state: "current", progress: null, last_attempt: null, last_success: null, last_error: null, next_at: null };

test("a sync says how far it is, when it went well and when it comes again", async () => {
  await speak("en");
  assert.deepEqual(syncLines({ ...idle, state: "waiting" }), ["The first figures are on their way."]);
  const [line] = syncLines({ ...idle, state: "backfilling", progress: { days_done: 62, days_asked: 90 }, last_success: "2026-11-30T10:00:00Z", next_at: "2026-11-30T11:00:00Z" });
  assert.match(line, /^Older days are being fetched: 62 of 90 days\. Last synced 30 Nov 2026.*Next sync 30 Nov 2026/);
  await speak("de");
  assert.match(syncLines({ ...idle, state: "backfilling", progress: { days_done: 1, days_asked: 90 } })[0], /1 von 90 Tagen/);
  await speak("en");
});

test("a failure says since when and what to do, also one that the page does not know", () => {
  const failing = (code) => syncLines({ ...idle, state: "failing", last_error: { code, since: "2026-11-30T10:00:00Z" } });
  assert.match(failing("no_permission")[1], /^Fetching has failed since 30 Nov 2026.*Connect once more/);
  assert.match(failing("rate_limited")[1], /you need not do anything/);
  assert.match(failing("a_new_code")[1], /write to support/);
  assert.deepEqual(syncLines({ ...idle, state: "a_new_state" }), [""]);
});
