import assert from "node:assert/strict";
import { test } from "node:test";

import { compare } from "../../../infra/demo/static/columns.js";
import { band, labelIndexes, linear, linePath, niceTicks, runs } from "../../../infra/demo/static/scale.js";

test("ticks are round, start at zero and cover the maximum", () => {
  assert.deepEqual(niceTicks(97, 4), { top: 100, ticks: [0, 25, 50, 75, 100] });
  assert.deepEqual(niceTicks(0, 4, 1), { top: 1, ticks: [0, 1] });
  assert.deepEqual(niceTicks(3, 2, 1).ticks, [0, 2, 4]);
  for (let max = 0.01; max < 1e13; max *= 1.37) {
    const { top, ticks } = niceTicks(max, 4);
    assert.ok(top >= max * 0.999 && top <= max * 2.6, `${max} ${top}`);
    assert.ok(ticks.length >= 3 && ticks.length <= 6, `${max} has ${ticks.length} ticks`);
  }
});

test("counts never have fractional ticks", () => {
  for (let max = 1; max < 40; max += 1) {
    assert.ok(niceTicks(max, 2, 1).ticks.every(Number.isInteger), String(max));
  }
});

test("columns fill the width and every pixel belongs to a day", () => {
  const columns = band(90, 50, 450);
  assert.equal(columns.indexAt(0), 0);
  assert.equal(columns.indexAt(9_999), 89);
  for (let day = 0; day < 90; day += 1) assert.equal(columns.indexAt(columns.middle(day)), day);
  assert.equal(linear(100, 200, 150)(0), 200);
  assert.equal(linear(100, 200, 150)(100), 50);
});

test("labels do not overlap and the last day is named", () => {
  for (const number of [1, 7, 30, 90]) {
    for (const width of [240, 700, 1100]) {
      const shown = labelIndexes(number, width, 58);
      assert.equal(shown.at(-1), number - 1);
      assert.ok(shown.length <= Math.max(1, Math.ceil(width / 58)), `${number} ${width}`);
    }
  }
});

test("a gap in the data is a gap in the line", () => {
  assert.equal(linePath([[0, 1], [1, 2], null, [3, 4]]), "M0.0 1.0L1.0 2.0M3.0 4.0");
  assert.deepEqual(runs([1, 1, 0, 1], Boolean), [{ from: 0, to: 1 }, { from: 3, to: 3 }]);
});

test("what was not reported is sorted last, both ways", () => {
  for (const descending of [false, true]) {
    const sorted = [3n, null, 1n].toSorted((left, right) => compare(left, right, descending));
    assert.equal(sorted.at(-1), null);
    assert.equal(sorted[0], descending ? 3n : 1n);
  }
});
