import assert from "node:assert/strict";
import { test } from "node:test";

import { isolated, plain, plainCsv } from "../../../infra/demo/static/names.js";

test("a name keeps its letters and loses what is not seen", () => {
  assert.equal(plain("Ünïcode שלום 漢字 🎈"), "Ünïcode שלום 漢字 🎈");
  assert.equal(plain("a\u202Etxt.exe\u0000b\nc\u2066d"), "a\ufffdtxt.exe\ufffdb\ufffdc\ufffdd");
  assert.equal(isolated("\u202Eabc"), "\u2068\ufffdabc\u2069");
  assert.equal(plain("👩\u200d💻"), "👩\u200d💻", "what joins letters and pictures stays");
});

test("a CSV file keeps its lines and fields", () => {
  const csv = "day,name\r\n2026-11-30,\"a\u202Eb\nsecond\tline\"\r\n";
  assert.equal(plainCsv(csv), "day,name\r\n2026-11-30,\"a\ufffdb\nsecond\tline\"\r\n");
});
