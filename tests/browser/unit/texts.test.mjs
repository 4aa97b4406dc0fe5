import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";

import { dateTime, duration, longDay } from "../../../infra/demo/static/days.js";
import { axisMoney, count, money, percent } from "../../../infra/demo/static/money.js";
import { locale, say, sayWord } from "../../../infra/demo/static/texts.js";
import { languages, speak, textsOf } from "../lib/texts.mjs";

const STATIC = new URL("../../../infra/demo/static/", import.meta.url);
const HTML = (await Promise.all(["index.html", "connected.html"].map((name) => readFile(new URL(name, STATIC), "utf8")))).join("\n");
/** The page of the local runner that stands in for a product's own speaks to engineers, in English, as the documents do. */
const FOR_ENGINEERS = ["returned.js"];
const scripts = await Promise.all((await readdir(STATIC)).filter((name) => name.endsWith(".js") && !FOR_ENGINEERS.includes(name))
  .map(async (name) => [name, await readFile(new URL(name, STATIC), "utf8")]));

const forms = (text) => (typeof text === "string" ? { other: text } : text);
const placeholders = (text) => [...new Set(Object.values(forms(text)).flatMap((form) => form.match(/\{\w+\}/g) ?? []))].toSorted();

test("every language has the same texts with the same values", async () => {
  const first = await textsOf("en");
  for (const language of await languages()) {
    const texts = await textsOf(language);
    assert.deepEqual(Object.keys(texts), Object.keys(first), `${language}: the same keys, in the same order`);
    for (const [key, text] of Object.entries(texts)) {
      assert.deepEqual(placeholders(text), placeholders(first[key]), `${language}: ${key}`);
      assert.equal(typeof text, typeof first[key], `${language}: ${key}`);
      assert.ok(Object.values(forms(text)).every((form) => form.trim() !== ""), `${language}: ${key} is empty`);
      if (typeof text === "string") continue;
      const categories = new Intl.PluralRules(texts["page.locale"]).resolvedOptions().pluralCategories;
      assert.deepEqual(Object.keys(text).toSorted(), categories.toSorted(), `${language}: ${key} has every form of the language`);
    }
  }
});

test("a translation is one: no sentence is the same in two languages", async () => {
  const [english, german] = [await textsOf("en"), await textsOf("de")];
  const words = (text) => forms(text).other.replace(/\{\w+\}/g, "").match(/\p{L}{3,}/gu) ?? [];
  const same = Object.keys(english).filter((key) => words(english[key]).length > 1 && forms(english[key]).other === forms(german[key]).other);
  assert.deepEqual(same, []);
});

test("every key that the page asks for is there, and every text is asked for", async () => {
  const keys = Object.keys(await textsOf("en"));
  const source = scripts.map(([, text]) => text).join("\n");
  const named = new Set(["page.name", "page.locale", ...[...HTML.matchAll(/\{\{(\w+\.\w+)\}\}/g)].map(([, key]) => key),
    ...keys.filter((key) => source.includes(`"${key}"`))]);
  // Families whose last word comes from the API or is put together.
  const families = new Set([...source.matchAll(/`(\w+)\.(\w*)\$\{/g)].map(([, family, begin]) => `${family}.${begin}`)
    .concat([...source.matchAll(/sayWord\("(\w+)"/g)].map(([, family]) => `${family}.`)));
  const asked = [...source.matchAll(/\bsay\("([\w.]+)"/g)].map(([, key]) => key).concat([...named]);
  for (const key of asked) assert.ok(keys.includes(key), `${key} is no text`);
  const idle = keys.filter((key) => !named.has(key) && ![...families].some((family) => key.startsWith(family)));
  assert.deepEqual(idle, [], "texts that nobody asks for");
});

test("the page has no text of its own", () => {
  const seen = HTML.replaceAll(/<!doctype html>/g, "").replace(/\{\{[\w.]+\}\}/g, "");
  assert.equal(seen.replace(/<[^>]*>/g, "").match(/\p{L}/u), null, "text between tags");
  for (const [, name, value] of seen.matchAll(/\b(aria-label|title|alt|placeholder|content)="([^"]*)"/g)) {
    assert.ok(!/\p{L}{2}/u.test(value) || /^(width=|light)/.test(value), `${name}="${value}"`);
  }
});

test("the scripts have no text of their own", () => {
  for (const [name, text] of scripts) {
    const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$|\s\/\/ .*$/gm, "").replace(/^import .*$/gm, "").replace(/\bclass: [^,}]+/g, "");
    for (const [literal] of code.matchAll(/"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g)) {
      const plain = literal.replace(/\$\{[^}]*\}/g, "").slice(1, -1);
      const isText = /\p{L}+ \p{L}+/u.test(plain) || /\b\p{Lu}\p{Ll}{2,}/u.test(plain) || /[^\x00-\x7f–×·↔✓…]/.test(plain);
      const isFine = /^(CAMPAIGN_|Bearer |The API named a page (elsewhere|twice)\.$)/.test(plain) || /[[\]#]/.test(plain);
      assert.ok(!isText || isFine, `${name}: ${literal}`);
    }
  }
});

test("the page says of each place of a receipt what the receipt says", async () => {
  const domain = new URL("../../../shared/domain/src/", import.meta.url);
  const source = (await Promise.all(["base/retention.rs", "deletion/residue.rs"].map((name) => readFile(new URL(name, domain), "utf8")))).join("\n").replace(/\\\n\s*/g, "");
  const english = await textsOf("en");
  const said = Object.entries(english).filter(([key]) => key.startsWith("residue"));
  for (const [key, text] of said) assert.ok(source.includes(`"${text}"`), `${key}: the receipt says something else`);
  const [, places] = source.match(/const fn place\(table[\s\S]*?match table \{([\s\S]*?)\n {4}\}/);
  for (const [, place] of places.matchAll(/"([^"]+)"/g)) {
    const isProof = place === "recovery window of the ledger";
    assert.ok(isProof || `residue.${place.toLowerCase().replace(/[^a-z]+/g, "_")}` in english, place);
  }
});

test("dates, numbers and money are written as each language writes them", async () => {
  const at = "2026-11-30T19:05:06Z";
  const plainSpaces = (text) => text.replace(/\s/g, " ");
  await speak("de");
  assert.equal(plainSpaces(money(1_234_560_000n, "EUR")), "1.234,56 €");
  assert.equal(plainSpaces(money(9_007_199_254_740_993_120_000n, "USD")), "9.007.199.254.740.993,12 $");
  assert.equal(plainSpaces(axisMoney(1_250_000_000, "EUR")), "1250 €");
  assert.equal(count(12_345.5), "12.345,5");
  assert.equal(plainSpaces(percent(0.01234)), "1,23 %");
  assert.equal(longDay("2026-11-30"), "Mo., 30. November 2026");
  assert.match(dateTime(at), /^30\. Nov\. 2026, \d\d:05:06$/);
  assert.equal(duration(1_172_000), "19 Min. 32 s");
  assert.equal(say("coverage.here", { here: 1200, count: 1234 }), "1.200 von 1.234 Tagen da");
  await speak("en");
  assert.equal(money(1_234_560_000n, "EUR"), "€1,234.56");
  assert.equal(longDay("2026-11-30"), "Mon, 30 November 2026");
});

test("the region follows the visitor, the language the page", async () => {
  await speak("de", ["en-US", "de-AT"]);
  assert.equal(locale(), "de-AT");
  await speak("de", ["en-US"]);
  assert.equal(locale(), "de-DE");
  await speak("en", ["de-DE", "en-US"]);
  assert.equal(locale(), "en-US");
  await speak("en");
});

test("a number chooses the form, a value that looks like a placeholder stays what it is", async () => {
  await speak("en");
  assert.equal(say("campaigns.number", { count: 1 }), "1 campaign");
  assert.equal(say("campaigns.number", { count: 2 }), "2 campaigns");
  assert.equal(say("account.disconnect_name", { name: "{vendor} $& {name}" }), "Disconnect {vendor} $& {name}");
  assert.equal(say("no.such.text"), "no.such.text");
  assert.equal(sayWord("reason", "a_new_word"), "a new word");
});
