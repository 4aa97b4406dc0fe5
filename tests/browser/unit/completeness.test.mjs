import assert from "node:assert/strict";
import { test } from "node:test";

import { dayState, sentence, statusByDay, summarise } from "../../../infra/demo/static/completeness.js";
import { addDays, dayIn, duration, range } from "../../../infra/demo/static/days.js";
import { modelOf } from "../../../infra/demo/static/report.js";
import { speak } from "../lib/texts.mjs";

await speak("en");

const days = range("2026-02-26", "2026-03-02");

test("days nobody fetched are missing, not zero", () => {
  const known = statusByDay(days, [{ day: "2026-02-26", status: "complete" }, { day: "2026-03-02", status: "provisional" }]);
  assert.deepEqual(known.map(({ status }) => status), ["complete", "missing", "missing", "missing", "provisional"]);
  const summary = summarise(known);
  assert.equal(summary.settled, false);
  assert.equal(sentence(summary), "2 of 5 days here, 1 may still change");
});

test("partial and failed days say so, with the reason in words", () => {
  const known = statusByDay(days, days.map((day, index) => ({ day, ...[
    { status: "complete", reason: null }, { status: "partial", reason: "totals_differ" }, { status: "failed", reason: "rate_limited" },
    { status: "not_permitted", reason: null }, { status: "complete", reason: null }][index] })));
  const summary = summarise(known);
  assert.equal(summary.settled, true);
  assert.equal(sentence(summary), "3 of 5 days here, 1 incomplete, 1 could not be fetched, 1 not covered by the access you gave");
  assert.equal(dayState(known[1]), "incomplete (the rows do not add up to the account's total)");
  assert.equal(dayState(known[2]), "could not be fetched (the platform limited our calls)");
  assert.equal(dayState({ status: "missing" }), "not here yet");
  const [odd, none] = statusByDay(days.slice(0, 2), [{ day: days[0], status: "partial", reason: "odd_rows" }, { day: days[1], status: "not_offered" }]);
  assert.equal(dayState(odd), "incomplete (some rows could not be read)");
  assert.equal(dayState(none), "not offered by the platform");
});

test("a model has zero where nothing ran, and nothing where nothing is known", () => {
  const daily = {
    currency: "EUR", time_zone: "Europe/Berlin", totals: null,
    rows: [{ day: "2026-02-26", metrics: { spend: { amount_micros: 5n, currency: "EUR" }, conversions: 2 } }],
    completeness: days.slice(0, 3).map((day) => ({ day, status: "complete" })),
  };
  const campaigns = { rows: [], totals: null, completeness: days.slice(0, 2).map((day) => ({ day, status: "complete" })) };
  const model = modelOf({ id: "acc_1" }, { from: days[0], to: days.at(-1) }, daily, campaigns);
  assert.deepEqual(model.days.map(({ spend }) => spend), [5n, 0n, null, null, null]);
  assert.deepEqual(model.days.map(({ conversions }) => conversions), [2, 0, null, null, null]);
  assert.equal(model.days[2].status, "missing", "here only when chart and table both have it");
  assert.equal(model.settled, false);
});

test("days are calendar days of the account's zone", () => {
  assert.deepEqual(days, ["2026-02-26", "2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"]);
  assert.equal(addDays("2026-03-29", 1), "2026-03-30");
  const midnight = Date.parse("2026-03-28T23:30:00Z");
  assert.equal(dayIn("Europe/Berlin", midnight), "2026-03-29");
  assert.equal(dayIn("America/Los_Angeles", midnight), "2026-03-28");
});

test("durations have two units", () => {
  assert.equal(duration(6.97 * 86_400_000), "6 d 23 h");
  assert.equal(duration(1_172_000), "19 min 32 s");
  assert.equal(duration(-5), "0 s");
});
