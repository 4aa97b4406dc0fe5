// Plays the person of docs/quickstart.md in a real browser: opens a connect link, agrees, and prints the address that the
// return page offers to copy.
//
//   node person.mjs LINK DEMO API SANDBOX MAILBOX

import assert from "node:assert/strict";

import { openBrowser } from "./lib/browser.mjs";
import { Steps } from "./lib/steps.mjs";

const [link, demo, api, sandbox, mailbox] = process.argv.slice(2);
const { browser, page, watch } = await openBrowser({ demo, api, sandbox, mailbox });
const steps = new Steps(page, watch);
// The caller reads the address from standard output; what the steps say goes beside it.
console.log = console.error;

try {
  await steps.step("the person goes through the pages", connect);
  await steps.step("the return page shows what came back", returned);
  process.stdout.write(`${await page.locator("#address").inputValue()}\n`);
  await steps.step("a return that is none, an end and a renewed connection are told apart", others);
} catch (error) {
  console.error(String(error?.stack ?? error));
  process.exitCode = 1;
} finally {
  await browser.close();
}

async function connect() {
  await page.goto(link);
  await page.locator("form button").first().click();
  await page.waitForURL((url) => url.origin === new URL(sandbox).origin);
  await page.locator("button[value=allow]").click();
  await page.waitForURL((url) => url.origin === api && url.pathname === "/connect/confirm");
  for (const account of await page.locator("input[name=account]").all()) await account.check();
  await page.locator("button[value=connect]").click();
  await page.waitForURL((url) => url.origin === demo && url.pathname === "/returned");
}

async function returned() {
  const sent = new URL(page.url()).searchParams;
  const shown = await page.locator(".facts dd").allTextContents();
  assert.deepEqual(shown, [sent.get("connection_id"), sent.get("code")]);
  const command = await page.locator("#command").inputValue();
  assert.ok(command.includes(`/v1/connections/${sent.get("connection_id")}/activate`), "the command activates this connection");
  await steps.look("30-returned");
}

async function others() {
  for (const [query, title] of [
    ["", "Nothing came back"],
    ["?connection_id=con_1%27%3Bid&code=a", "Nothing came back"],
    ["?connection_id=con_1&code=%22%24(id)", "Nothing came back"],
    ["?error=cancelled&connection_id=con_1", "Nothing was connected"],
    ["?connection_id=con_1", "A person gave access again"],
  ]) {
    await page.goto(`${demo}/returned${query}`);
    assert.equal(await page.locator("h2").textContent(), title, query);
    assert.equal(await page.locator("textarea").count(), 0, `${query}: nothing to copy`);
  }
  await steps.look("31-returned-renewed");
}
