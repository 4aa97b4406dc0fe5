// The connect script's return page, without a browser: what it reads, and what it leaves in the address.

import assert from "node:assert/strict";
import { test } from "node:test";

import { connect, returned } from "../../../clients/connect/connect.js";

/** Opens the return page at an address, in a tab that keeps what it is given; returns the end and the address that is left. */
function openAt(address, kept = new Map()) {
  const seen = {};
  globalThis.location = new URL(address);
  globalThis.sessionStorage = {
    getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, String(value)), removeItem: (name) => kept.delete(name),
  };
  globalThis.history = { replaceState: (_state, _title, url) => { seen.left = String(url); } };
  returned((end) => { seen.end = end; });
  return seen;
}

test("the return page takes its own parameters out of the address and leaves the product's", () => {
  const { end, left } = openAt("https://shop.example/back?view=ads%26more&connection_id=con_1&code=c-1&page=2#top");
  assert.deepEqual(end, { connection_id: "con_1", code: "c-1", error: null, bound: false });
  assert.equal(left, "https://shop.example/back?view=ads%26more&page=2#top");
});

test("a path that begins with two slashes stays a path of its site", () => {
  const { end, left } = openAt("https://shop.example//back?error=declined");
  assert.deepEqual(end, { connection_id: null, code: null, error: "declined", bound: false });
  assert.equal(left, "https://shop.example//back");
});

/** Takes a flow in the place of the page with the button; returns what its tab keeps. */
async function leave(session) {
  const kept = new Map();
  openAt("https://shop.example/", kept);
  globalThis.location.assign = () => {};
  globalThis.window = globalThis;
  await connect(session, () => {}, { redirect: true });
  return kept;
}

test("a flow in the place of the page ends at once, and is bound for an hour", async (t) => {
  const kept = await leave(() => "https://api.example/connect/x");
  assert.equal(openAt("https://shop.example/back?connection_id=con_1&code=c-1", new Map(kept)).end.bound, true);
  const hour = Date.now() + 3_600_000;
  t.mock.method(Date, "now", () => hour);
  assert.equal(openAt("https://shop.example/back?connection_id=con_1&code=c-1", kept).end.bound, false);
});

test("a flow that never began binds nothing", async () => {
  const kept = await leave(() => { throw new Error("no session"); });
  assert.equal(openAt("https://shop.example/back?connection_id=con_1&code=c-1", kept).end.bound, false);
});
