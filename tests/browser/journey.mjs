// The whole way in a real browser, across the API, the platform's sandbox and the demo:
// connect, consent, choose, figures, disconnect one account, disconnect all, receipt, deletion by e-mail.
//
//   node journey.mjs [--docs] [--binary PATH]
//   node journey.mjs --demo URL --api URL --sandbox URL --mailbox URL     (a stack that runs already)
//
// --docs takes two pictures for the README. The same four can come from MOORING_DEMO, MOORING_API, MOORING_SANDBOX and MOORING_MAILBOX.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";

import { openBrowser } from "./lib/browser.mjs";
import { openStack } from "./lib/stack.mjs";
import { Steps } from "./lib/steps.mjs";

const FIRST_ROWS_MS = 60_000;
const DONE_MS = 180_000;
const MAIL = "ada@example.com";
/** The page asks once for data that it may no longer read, and shows the refusal. */
const REFUSED = /Failed to load resource.*status of 4(04|09|10).*\/v1\/reports/;
/** When the clock jumps, a token ends between two calls, and minutes pass between the read and the write of a limit. */
const FAST_CLOCK = /Failed to load resource.*status of (401|429)/;

const options = {
  demo: { type: "string", default: process.env.MOORING_DEMO },
  api: { type: "string", default: process.env.MOORING_API },
  sandbox: { type: "string", default: process.env.MOORING_SANDBOX },
  mailbox: { type: "string", default: process.env.MOORING_MAILBOX },
  binary: { type: "string" },
  docs: { type: "boolean", default: false },
};
const { values } = parseArgs({ options });
const stack = await openStack(values);
const { browser, context, page, watch } = await openBrowser(stack.addresses);
const steps = new Steps(page, watch);
const { demo, api, sandbox, mailbox } = stack.addresses;
const columns = page.locator("#chart .column");

try {
  await steps.step("the demo opens with nothing connected", openDemo);
  await connectAll("connect");
  await steps.step("first rows within a minute", firstRows);
  await steps.step("all 90 days, provisional ones shaded", completeReport);
  await steps.step("the chart speaks to the keyboard and as a table", useChart);
  await steps.step("campaigns sort, periods and accounts change", useTables);
  await steps.step("CSV holds the days of each campaign", downloadCsv);
  await steps.step("a second person sees nothing of it", otherPerson);
  await steps.step("one account goes, another stays", disconnectAccount);
  await steps.step("the connection goes, the chart is dark at once", disconnectAll);
  await steps.step("a reload still shows the deletion", reload);
  await steps.step("the receipt, after 24 hours of the stack's clock", receipt);
  await connectAll("again");
  await steps.step("figures are back under a new connection", firstRows);
  await steps.step("deletion is asked for by e-mail, without signing in", askByMail);
  await steps.step("the link in the mail confirms it", followMail);
  await steps.step("the demo is dark again", darkAgain);
  console.log(`journey passed: ${steps.number} steps`);
} catch (error) {
  console.error(String(error?.stack ?? error));
  if (stack.log) console.error(`--- the last words of the stack\n${stack.log.split("\n").filter((line) => !/moor_test_/.test(line)).join("\n").slice(-1500)}`);
  process.exitCode = 1;
} finally {
  await browser.close();
  await stack.close();
}

async function openDemo() {
  await page.goto(demo);
  await page.locator("#empty").waitFor();
  await steps.look("01-empty");
}

/** Takes the connect flow from the demo and back, through our pages and the platform's. */
async function connectAll(name) {
  await steps.step(`${name}: our page says who asks for what`, async () => {
    await page.locator("#connect button, #again button").locator("visible=true").click();
    await page.waitForURL(`${api}/connect/**`);
    await steps.look(`02-${name}-page`);
    await page.locator("form button").first().click();
  });
  await steps.step(`${name}: consent at the platform, without one advertiser`, async () => {
    await page.waitForURL(`${sandbox}/**`);
    const advertisers = page.locator("input[name=advertiser]");
    assert.ok((await advertisers.count()) >= 3, "three advertisers to choose from");
    await advertisers.nth(1).uncheck();
    await steps.look(`03-${name}-consent`);
    await page.locator("button[value=allow]").click();
  });
  await steps.step(`${name}: confirm and choose accounts`, async () => {
    await page.waitForURL((url) => url.origin === api && url.pathname === "/connect/confirm");
    const accounts = page.locator("input[name=account]");
    assert.equal(await accounts.count(), 2, "the advertiser that was unticked is not offered");
    for (const account of await accounts.all()) await account.check();
    await steps.look(`04-${name}-confirm`);
    steps.connectedAt = Date.now();
    await page.locator("button[value=connect]").click();
    await page.waitForURL(`${demo}/**`);
    await page.locator("#report").waitFor({ timeout: FIRST_ROWS_MS });
  });
}

async function firstRows() {
  await columns.first().waitFor({ timeout: FIRST_ROWS_MS });
  const took = Date.now() - steps.connectedAt;
  assert.ok(took < FIRST_ROWS_MS, `first rows after ${took} ms`);
  await page.screenshot({ path: new URL("../../target/browser/05-first-rows.png", import.meta.url).pathname, fullPage: true });
  return `${took} ms after the choice`;
}

async function completeReport() {
  await page.locator("#progress").waitFor({ state: "hidden", timeout: 120_000 });
  const coverage = await page.locator("#coverage").textContent();
  assert.match(coverage, /^90 of 90 days here, \d+ may still change/);
  assert.ok((await columns.count()) > 60, "columns of most days");
  assert.ok((await page.locator(".shade-provisional").count()) >= 1, "provisional days are shaded");
  assert.equal(await page.locator(".shade-missing").count(), 0, "no day is missing");
  assert.ok((await page.locator("#campaigns tbody tr").count()) >= 2, "campaigns are listed");
  await page.mouse.move(0, 0);
  await steps.look("06-report");
  if (values.docs) await steps.keep("demo-before", 1220);
  return `${coverage}, ${Date.now() - steps.connectedAt} ms after the choice`;
}

async function useChart() {
  const label = await page.locator("#chart svg").getAttribute("aria-label");
  assert.match(label, /conversions in all, most spend on/);
  await page.locator("#scrub").focus();
  await page.keyboard.press("ArrowLeft");
  assert.match(await page.locator(".tip").textContent(), /Spend .*Conversions/s);
  assert.match(await page.locator("#scrub").getAttribute("aria-valuetext"), /spend .+, conversions .+, may still change/);
  await page.keyboard.press("Tab");
  await page.locator(".tip").waitFor({ state: "hidden" });
  await page.locator("#days summary").click();
  assert.equal(await page.locator("#days tbody tr").count(), 90);
  await page.locator("#days summary").click();
}

async function useTables() {
  const firstName = () => page.locator("#campaigns tbody th .name").first().textContent();
  const bySpend = await firstName();
  await page.locator("[data-sort=name]").click();
  const names = await page.locator("#campaigns tbody th .name").allTextContents();
  assert.deepEqual(names.map((name) => name.toLowerCase()), names.map((name) => name.toLowerCase()).toSorted(), "sorted by name");
  await page.locator("[data-sort=spend]").click();
  assert.equal(await firstName(), bySpend);
  await page.locator("#period label", { hasText: "7 days" }).click();
  await page.waitForFunction(() => document.querySelectorAll("#days tbody tr").length === 7);
  await page.locator("#period label", { hasText: "90 days" }).click();
  await page.waitForFunction(() => document.querySelectorAll("#days tbody tr").length === 90);
  const title = page.locator("#chart .caption").first();
  const before = await title.textContent();
  await page.locator("#account").selectOption({ index: 1 });
  await page.waitForFunction((old) => document.querySelector("#chart .caption")?.textContent !== old, before);
  await columns.first().waitFor({ timeout: FIRST_ROWS_MS });
  return `${before}, then ${await title.textContent()}`;
}

async function downloadCsv() {
  const waiting = page.waitForEvent("download");
  await page.locator("#csv").click();
  const download = await waiting;
  const lines = (await readFile(await download.path(), "utf8")).trim().split(/\r?\n/);
  assert.match(lines[0], /day.*spend/);
  assert.ok(lines.length > 90, `${lines.length} lines`);
  return `${download.suggestedFilename()}, ${lines.length} lines`;
}

async function otherPerson() {
  const change = async (person) => {
    await page.locator("#person").selectOption(person);
    await page.waitForLoadState("load");
  };
  await change("ben");
  await page.locator("#empty").waitFor();
  assert.equal(await page.locator("#accounts li").count(), 0);
  await change("ada");
  await columns.first().waitFor();
}

async function disconnectAccount() {
  await page.locator("#accounts li").first().locator("button").click();
  await page.locator("#confirm").waitFor();
  await steps.look("07-confirm-account", { fullPage: false });
  await page.locator("#confirm [value=no]").click();
  assert.equal(await page.locator(".deletion").count(), 0, "Keep it keeps it");
  await page.locator("#accounts li").first().locator("button").click();
  await page.locator("#confirm [value=yes]").click();
  await page.locator(".deletion").waitFor();
  await page.waitForFunction(() => document.querySelectorAll("#account option").length === 1);
  await columns.first().waitFor();
  assert.ok((await columns.count()) > 60, "the other account's chart is there");
  await steps.look("08-one-account");
}

async function disconnectAll() {
  await page.locator("#disconnect").click();
  const started = Date.now();
  await watch.allowing(REFUSED, async () => {
    await page.locator("#confirm [value=yes]").click();
    await page.locator("#dark").waitFor();
    await page.locator("#dark-proof", { hasText: "was answered: 4" }).waitFor();
  });
  const took = Date.now() - started;
  assert.match(await page.locator("#dark-title").textContent(), /Nothing is readable any more since \d\d:\d\d:\d\d/);
  const text = await page.evaluate(() => document.querySelectorAll("#chart .column, #campaigns tbody tr, #accounts li, #account option").length);
  assert.equal(text, 0, "nothing that came from the platform is left in the page");
  const next = page.locator(".deletion").first().locator("[data-step=purge_again].next .countdown");
  await next.waitFor({ timeout: 30_000 });
  assert.match(await next.textContent(), /in \d+ min/);
  await steps.look("09-dark");
  return `${took} ms, ${await page.locator("#dark-proof").textContent()}`;
}

async function reload() {
  await page.reload();
  await page.locator("#dark").waitFor();
  await page.locator(".deletion").first().waitFor();
  assert.ok(await page.locator("#again button").isVisible(), "connecting again is offered");
}

async function receipt() {
  // One account and the connection are under way: each waits for its second deletion, then for a day.
  const button = page.getByRole("button", { name: "Skip the wait" }).first();
  const until = Date.now() + DONE_MS;
  await watch.allowing(FAST_CLOCK, async () => {
    while ((await page.locator(".receipt").count()) < 2) {
      assert.ok(Date.now() < until, "two receipts in time");
      // A card that is done meanwhile has no button any more.
      await button.click({ timeout: 2_000 }).catch(() => {});
      await page.waitForTimeout(500);
    }
  });
  const document_ = page.locator(".receipt").first();
  await document_.waitFor();
  const left = await document_.locator("tbody tr td:last-child").allTextContents();
  assert.ok(left.length >= 3 && left.every((cell) => cell === "0"), "every table is counted at zero");
  assert.ok((await document_.locator(".plain li").count()) >= 3, "what expires by itself is listed");
  const waiting = page.waitForEvent("download");
  await document_.getByRole("button", { name: "Download JSON" }).click();
  const json = JSON.parse(await readFile(await (await waiting).path(), "utf8"));
  await steps.look("10-receipt");
  if (values.docs) await steps.keep("demo-after", 1265);
  return Object.keys(json).join(" ");
}

async function askByMail() {
  await page.locator("#by-mail").click();
  await page.waitForURL(`${api}/deletion-requests`);
  await page.locator("input[type=email]").fill(MAIL);
  await steps.look("11-by-mail");
  await page.locator("form button").first().click();
  await page.waitForLoadState("load");
  await steps.look("12-by-mail-sent");
}

async function followMail() {
  await page.goto(mailbox);
  const link = page.locator(`a[href^="${api}/deletion-requests/"]`).first();
  // The mail leaves by a queue, shortly after the page has answered.
  for (let tries = 0; tries < 50 && (await link.count()) === 0; tries += 1) {
    await page.waitForTimeout(200);
    await page.reload();
  }
  await link.waitFor();
  // The page's dark background is the browser's own, which axe takes for white.
  await steps.look("13-mailbox", { colorSchemes: ["light"] });
  await page.goto(await link.getAttribute("href"));
  await steps.look("14-mail-link");
  await page.locator("form button").first().click();
  await page.waitForURL(`${api}/deletions/**`);
  await steps.look("15-status");
  return page.locator("h1").textContent();
}

async function darkAgain() {
  await page.goto(demo);
  await page.locator("#dark").waitFor();
  assert.equal(await columns.count(), 0);
  assert.ok((await context.cookies(demo)).every(({ httpOnly }) => httpOnly), "every cookie of the demo is HttpOnly");
}
