import assert from "node:assert/strict";
import { test } from "node:test";

import { axisMoney, decimalText, factor, money, parseExact, percent, roundMicros } from "../../../infra/demo/static/money.js";
import { speak } from "../lib/texts.mjs";

await speak("en");

test("micro units become the currency's own digits, half away from zero", () => {
  assert.equal(money(1_234_560_000n, "EUR"), "€1,234.56");
  assert.equal(money(1_005_000n, "EUR"), "€1.01");
  assert.equal(money(-1_005_000n, "EUR"), "-€1.01");
  assert.equal(money(4_999n, "EUR"), "€0.00");
  assert.equal(money(1_234_500_000n, "JPY"), "JP¥1,235");
  assert.equal(money(1_234_567_890n, "KWD").replace(/\s/g, " "), "KWD 1,234.568");
});

test("amounts that no float can hold stay exact", () => {
  const text = `{"spend":{"amount_micros":9007199254740993000001,"currency":"USD"},"other":[{"amount_micros":null},{"amount_micros":"12"}]}`;
  const value = parseExact(text);
  assert.equal(typeof value.spend.amount_micros, "bigint");
  assert.equal(value.other[0].amount_micros, null);
  assert.equal(value.other[1].amount_micros, 12n);
  assert.equal(decimalText(roundMicros(9_007_199_254_740_993_000_001n, 2), 2), "9007199254740993.00");
  assert.equal(money(9_007_199_254_740_993_120_000n, "USD"), "US$9,007,199,254,740,993.12");
});

test("rounding agrees with the naive way wherever that is exact", () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1e9);
  console.log(`seed ${seed}`);
  let state = seed;
  for (let turn = 0; turn < 2000; turn += 1) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    const digits = state % 5;
    const units = BigInt(state);
    const micros = units * 10n ** BigInt(6 - digits);
    assert.equal(roundMicros(micros, digits), units);
    assert.equal(decimalText(units, digits), (Number(units) / 10 ** digits).toFixed(digits));
  }
});

test("ratios and axis labels are short", () => {
  assert.equal(percent(0.01234), "1.23%");
  assert.equal(factor(3.2), "3.20×");
  assert.equal(axisMoney(1_250_000_000, "EUR"), "€1.25k");
  assert.equal(axisMoney(0, "EUR"), "€0");
});
