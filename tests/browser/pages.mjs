// Every page for people that the functions write, in every language, on a phone and on a desk, light and dark.
//
//   node pages.mjs FOLDER [--binary PATH]
//
// Takes a picture of each into FOLDER. Fails where a page needs scrolling sideways, where its button is not in sight on a
// phone, where axe finds a fault, or where `lang` is not the language that was asked for. Prints heights and positions.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";

import { openBrowser, PATIENCE } from "./lib/browser.mjs";
import { accessible, uninterrupted } from "./lib/checks.mjs";
import { openStack } from "./lib/stack.mjs";

const LANGUAGES = { en: "en-GB", de: "de-AT" };
const SIZES = [{ width: 360, height: 740 }, { width: 1280, height: 800 }];
const SCHEMES = ["light", "dark"];
const ACCOUNTS = 100;
/** A refusal is a page too, whose status the browser writes to its console. */
const STATUS = /Failed to load resource.*status of (4\d\d)/;

const { values, positionals } = parseArgs({ allowPositionals: true, options: { binary: { type: "string" } } });
const folder = path.resolve(positionals[0] ?? "../../target/browser/pages");
await mkdir(folder, { recursive: true });
const stack = await openStack({ ...values, size: ["--advertisers", ACCOUNTS, "--ads", 12] });
const { demo, api, mailbox } = stack.addresses;
const rows = [];

try {
  for (const language of Object.keys(LANGUAGES)) await speak(language);
  await sessionSpeaks();
  console.table(rows);
  console.log(`${rows.length} pages looked at, ${rows.length * SIZES.length * SCHEMES.length} pictures in ${folder}`);
} catch (error) {
  console.error(String(error?.stack ?? error));
  process.exitCode = 1;
} finally {
  await stack.close();
}

/** Opens a connect session as the product's server does. */
async function session(more = {}) {
  const body = { end_user: crypto.randomUUID(), platform: "tiktok_ads", return_url: `${demo}/returned`, ...more };
  const headers = { authorization: `Bearer ${stack.key}`, "content-type": "application/json", "idempotency-key": crypto.randomUUID() };
  const answer = await fetch(`${api}/v1/connect-sessions`, { method: "POST", headers, body: JSON.stringify(body) });
  assert.equal(answer.status, 201, await answer.clone().text());
  return (await answer.json()).url;
}

/** Visits every page with a browser of one language. */
async function speak(language) {
  await inBrowser(LANGUAGES[language], async ({ page, watch }) => {
    const look = (name, options) => visit(page, { language, name, ...options });
    await watch.allowing(STATUS, async () => {
      await connect(page, look);
      await deletions(page, look, `${language}@example.com`);
      await ends(page, look);
    });
    watch.check();
  });
}

async function inBrowser(locale, run) {
  const opened = await openBrowser(stack.addresses, { locale });
  try {
    await run(opened);
  } finally {
    await opened.browser.close();
  }
}

async function connect(page, look) {
  await page.goto(await session());
  await look("connect", { button: "form button" });
  await page.locator("form button").first().click();
  await page.locator("input[name=scope][value='44']").uncheck();
  await page.locator("button[value=allow]").click();
  await page.locator("[role=alert]").waitFor();
  await look("left-out", { button: "form button" });
  await page.locator("form button").first().click();
  await page.locator("button[value=allow]").waitFor();
  // Back from the platform shows the page again to the same browser, and its button leads to the same place.
  await page.goBack();
  assert.equal(await page.locator("form button").count(), 1, "Back shows the page again");
  assert.match(await page.locator(".actions a").getAttribute("href"), /error=scope_missing$/, "a way back");
  await page.locator("form button").first().click();
  await page.locator("button[value=allow]").click();
  await page.locator("input[name=account]").first().waitFor();
  await look("choice", { button: "button[value=connect]", fullPage: false });
  await choose(page);
  await page.locator("button[value=connect]").click();
  await page.locator("[role=alert]").waitFor();
  await look("choice-nothing", { button: "button[value=connect]", fullPage: false });
  await withoutScript(page);
  await page.locator("button[value=cancel]").click();
  await page.waitForURL((url) => url.origin === demo);
}

/** Searches, selects all and none, and reads the count. */
async function choose(page) {
  const ticked = () => page.locator("input[name=account]:checked").count();
  const count = page.locator("#count");
  await page.locator("#all").click();
  assert.equal(await ticked(), ACCOUNTS);
  assert.match(await count.textContent(), new RegExp(`^${ACCOUNTS} `));
  await page.locator("#none").click();
  assert.equal(await ticked(), 0);
  const number = (await page.locator("#accounts .id").nth(41).textContent()).trim();
  await page.locator("#search").fill(number);
  assert.equal(await page.locator("#accounts li:visible").count(), 1, "the search finds one account by its number");
  await page.locator("#all").click();
  assert.equal(await ticked(), 1, "all of those that are shown");
  await page.locator("#search").fill("no such account");
  assert.ok(await page.locator("#nothing").isVisible(), "nothing found is said");
  await page.locator("#search").fill("");
  await page.locator("#none").click();
  const name = await page.locator("input[name=account]").first().evaluate((box) => document.getElementById(box.getAttribute("aria-labelledby")).textContent);
  assert.ok(name.length > 0 && !/\d{8}/.test(name), `a screen reader hears the name first: ${name}`);
}

/** Without script the list and its buttons work, and the tools that need one are not there. */
async function withoutScript(page) {
  const plain = await page.context().browser().newContext({ javaScriptEnabled: false });
  await plain.addCookies(await page.context().cookies());
  plain.setDefaultTimeout(PATIENCE);
  const other = await plain.newPage();
  await other.goto(`${api}/connect/confirm?ticket=${await page.locator("input[name=ticket]").inputValue()}`);
  assert.equal(await other.locator("input[name=account]").count(), ACCOUNTS);
  assert.ok(await other.locator("button[value=connect]").isVisible());
  assert.ok(!(await other.locator("#tools").isVisible()) && !(await other.locator("#count").isVisible()));
  await plain.close();
}

async function deletions(page, look, address) {
  await grant(page, { end_user_email: address });
  await page.goto(`${api}/deletion-requests`);
  await look("deletion-form", { button: "form button" });
  await page.locator("form").evaluate((form) => { form.noValidate = true; });
  await page.locator("#email").fill("anna@@example.com");
  await page.locator("form button").click();
  await page.locator("[role=alert]").waitFor();
  assert.equal(await page.locator("#email").inputValue(), "anna@@example.com", "the form comes back as it was filled in");
  await look("deletion-form-fault", { button: "form button" });
  await page.locator("#email").fill(address);
  await page.locator("form button").click();
  await page.locator("[role=status]").waitFor();
  await look("deletion-sent");
  await page.goto(await mailed(address));
  await look("deletion-confirm", { button: "form button" });
  await page.locator("form button").click();
  await page.locator("progress").first().waitFor();
  const link = page.url();
  await look("deletion-begun");
  await page.goto(link);
  assert.ok(await page.locator("progress").first().isVisible(), "a reload shows how far it is");
  await page.locator("dl a").first().click();
  await page.waitForURL(`${api}/deletions/**`);
  await look("deletion-status");
}

/** Connects one account with an address. */
async function grant(page, more) {
  await page.goto(await session(more));
  await page.locator("form button").first().click();
  await page.locator("button[value=allow]").click();
  await page.locator("input[name=account]").first().check();
  await page.locator("button[value=connect]").click();
  await page.waitForURL((url) => url.origin === demo);
}

/** Waits for the mail to an address and returns its link. */
async function mailed(address) {
  const until = Date.now() + PATIENCE;
  while (Date.now() < until) {
    const mails = await (await fetch(`${new URL(mailbox).origin}/mailbox.json`)).json();
    const mail = (mails.mails ?? mails).find(({ to }) => [to].flat().includes(address));
    if (mail) return mail.text.match(/https?:\/\/\S+\/deletion-requests\/\S+/)[0];
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`no mail came to ${address}`);
}

async function ends(page, look) {
  await page.goto(`${api}/oauth/callback/tiktok_ads/statasphere?state=x&code=y`);
  assert.ok((await page.locator("main a").count()) >= 2, "an end has links");
  await look("error");
  await page.goto(`${api}/deletion-requests/x`);
  assert.ok((await page.locator("main a[href='/deletion-requests']").count()) === 1, "a used link leads to the form");
  await look("error-link");
  await page.goto(`${api}/deletions/x`);
  await look("error-status");
}

/** The language of a session counts before the browser's, on the connect page and on the choice. */
async function sessionSpeaks() {
  await inBrowser("en-GB", async ({ page }) => {
    await page.goto(await session({ locale: "de-CH" }));
    assert.equal(await page.locator("html").getAttribute("lang"), "de");
    await page.locator("form button").first().click();
    await page.locator("button[value=allow]").click();
    await page.locator("input[name=account]").first().waitFor();
    assert.equal(await page.locator("html").getAttribute("lang"), "de");
  });
}

/** Looks at a page in every size and scheme. */
async function visit(page, { language, name, button, fullPage = true }) {
  const measured = [];
  for (const size of SIZES) {
    await page.setViewportSize(size);
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const file = path.join(folder, `${name}-${language}-${size.width}-${colorScheme}.png`);
      await uninterrupted(page, () => page.screenshot({ path: file, fullPage }));
    }
    await accessible(page);
    measured.push(await uninterrupted(page, () => page.evaluate(measure, button)));
  }
  const [phone, desk] = measured;
  for (const { over, lang } of measured) {
    assert.equal(over, 0, `${name} in ${language} is too wide by ${over} pixels`);
    assert.equal(lang, language, `${name} has the language ${lang}`);
  }
  const bottom = SIZES[0].height;
  if (button) assert.ok(phone.bottom <= bottom, `the button of ${name} in ${language} ends at ${phone.bottom} of ${bottom}`);
  rows.push({ page: name, language, "height at 360": phone.height, "button at 360": phone.top ?? "", "height at 1280": desk.height });
}

/** Runs in the page. */
function measure(button) {
  scrollTo(0, 0);
  const { scrollWidth, clientWidth, scrollHeight, lang } = document.documentElement;
  const box = button && document.querySelector(button).getBoundingClientRect();
  return { over: scrollWidth - clientWidth, height: scrollHeight, lang, top: box?.top && Math.round(box.top), bottom: box?.bottom };
}
