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

import { PATIENCE, routed } from "./lib/browser.mjs";
import { resize } from "./lib/checks.mjs";
import { measure } from "./lib/loading.mjs";
import { openStackAndBrowser } from "./lib/stack.mjs";
import { Steps } from "./lib/steps.mjs";

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
const { stack, browser, context, page, watch, close } = await openStackAndBrowser(values);
const steps = new Steps(page, watch);
const { demo, api, sandbox, mailbox } = stack.addresses;
const columns = page.locator("#chart .column");

try {
  await steps.step("the demo opens with nothing connected", openDemo);
  await steps.step("a new visitor's first view is two round trips away", () => firstLoad("#empty", 2));
  await steps.step("a window that the person left, and where they go on after all", leaveWindow);
  await steps.step("a window that the person closed", closeWindow);
  await steps.step("a phone goes to the platform and back in one page", onPhone);
  await connectAll("connect", inWindow);
  await steps.step("first rows", firstRows);
  await steps.step("all 90 days, provisional ones shaded", completeReport);
  await steps.step("the chart speaks to the keyboard and as a table", useChart);
  await steps.step("campaigns sort, periods and accounts change", useTables);
  await steps.step("the figures are three round trips away", () => firstLoad("#figures", 3));
  await steps.step("final days are darker, wide tables say so, figures stay whole", readable);
  await steps.step("German from the switch, and by the browser's wish", german);
  await steps.step("names that were made to confuse stay names", hostileNames);
  await steps.step("a sync that goes on says so far, a failure what to do", soFar);
  await steps.step("a sync that fails says since when and what to do", failingSync);
  await steps.step("CSV holds the days of each campaign", downloadCsv);
  await steps.step("a second person sees nothing of it", otherPerson);
  await steps.step("one account goes, another stays", disconnectAccount);
  await steps.step("the connection goes, the chart is dark at once", disconnectAll);
  await steps.step("a reload still shows the deletion", reload);
  await steps.step("the receipt, after 24 hours of the stack's clock", receipt);
  await connectAll("again", inPlace);
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
  await close();
}

async function openDemo() {
  await page.goto(demo);
  await page.locator("#empty").waitFor();
  await steps.look("01-empty");
}

/** Loads the demo over a line of 1.5 seconds' delay, with nothing cached. The bars are counts; the time is told only. */
async function firstLoad(view, roundTrips) {
  const figures = await measure(context, demo, view);
  assert.ok(figures.roundTrips <= roundTrips, `${JSON.stringify(figures)}: round trips`);
  assert.ok(figures.roundTripsWithPreflights <= roundTrips + 1, `${JSON.stringify(figures)}: round trips with preflights`);
  assert.ok(figures.initiators <= 3, `${JSON.stringify(figures)}: a chain of files that name each other`);
  assert.ok(figures.requests <= 7, `${JSON.stringify(figures)}: requests`);
  return JSON.stringify(figures);
}

/** Runs with a phone's width, then with a desk's. */
async function atWidths(run) {
  const before = page.viewportSize();
  for (const width of [360, 1280]) {
    await resize(page, { width, height: 740 });
    await run(width);
  }
  await page.setViewportSize(before);
}

async function readable() {
  await atWidths(async (width) => {
    const [final, open] = await page.evaluate(() => [".column.complete", ".column.provisional"].map((name) => {
      const { fill, fillOpacity, stroke } = getComputedStyle(document.querySelector(`#chart ${name}`));
      const [red, green, blue] = fill.match(/[\d.]+/g).map(Number);
      return { light: red * 0.3 + green * 0.6 + blue * 0.1, fillOpacity, stroke };
    }));
    assert.ok(open.light > final.light + 40, `${width}: provisional columns are lighter (${open.light}, ${final.light})`);
    assert.equal(open.stroke, "none", "no edge makes a thin column as dark as a final one");
    const scrolls = await page.locator("#campaigns").evaluate((table) => table.scrollWidth > table.closest(".scroll").clientWidth);
    const edges = page.locator(".edges", { has: page.locator("#campaigns") });
    assert.equal(await edges.evaluate((element) => element.classList.contains("beyond")), scrolls, `${width}: the edge shows that there is more`);
    assert.equal(await edges.locator(".hint").isVisible(), scrolls);
    assert.equal(await edges.locator(".scroll").getAttribute("tabindex"), scrolls ? "0" : null);
    const broken = await page.locator("#tiles dd, #campaigns td").evaluateAll((cells) => cells.filter((cell) => {
      const range = document.createRange();
      range.selectNodeContents(cell.firstChild);
      return range.getClientRects().length > 1 || cell.scrollWidth > cell.clientWidth + 1;
    }).map((cell) => cell.textContent));
    assert.deepEqual(broken, [], `${width}: figures that break or are cut off`);
  });
  await page.setViewportSize({ width: 360, height: 740 });
  const region = page.locator(".scroll", { has: page.locator("#campaigns") });
  await region.focus();
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction(() => document.querySelector("#campaigns").closest(".edges").classList.contains("before"));
  await page.setViewportSize({ width: 1180, height: 860 });
}

async function german() {
  await Promise.all([page.waitForEvent("load"), page.locator("#language").selectOption("de")]);
  await columns.first().waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "de");
  assert.match(await page.locator("#coverage").textContent(), /^90 von 90 Tagen da, \d+ noch veränderlich/);
  assert.match(await page.locator("#tiles").textContent(), /Ausgaben.*\d,\d\d\s(€|\$)/s);
  await steps.look("06-report-de");
  await Promise.all([page.waitForEvent("load"), page.locator("#language").selectOption("en")]);
  await columns.first().waitFor();
  const other = await browser.newContext({ locale: "de-AT" });
  other.setDefaultTimeout(PATIENCE);
  const visit = await other.newPage();
  await visit.goto(demo);
  await visit.locator("#empty").waitFor();
  const title = await visit.locator("#empty-title").textContent();
  assert.match(title, /Anzeigen/);
  await other.close();
  return title;
}

/** Changes the answers of the API for as long as something runs. */
async function answering(path, change, run) {
  const answer = async (route) => {
    const response = await route.fetch();
    const text = await response.text();
    await route.fulfill({ response, body: text.startsWith("{") ? JSON.stringify(change(JSON.parse(text))) : text });
  };
  const said = await routed(page, { [`${api}${path}**`]: answer }, async () => {
    await page.reload();
    return run();
  });
  await page.reload();
  await columns.first().waitFor();
  return said;
}

async function hostileNames() {
  const name = "\u202E<img src=x onerror=alert(1)>\u0000\u2066 evil";
  const change = (report) => ({ ...report, rows: report.rows.map((row) => (row.entity ? { ...row, entity: { ...row.entity, name } } : row)) });
  await answering("/v1/reports", change, async () => {
    await page.locator("#campaigns tbody bdi").first().waitFor();
    const shown = await page.locator("#campaigns tbody bdi").first().textContent();
    assert.equal(shown, "\ufffd<img src=x onerror=alert(1)>\ufffd\ufffd evil");
    assert.equal(await page.locator("#campaigns img").count(), 0);
  });
}

async function soFar() {
  const half = (report) => {
    const days = report.completeness.slice(45);
    return { ...report, completeness: days, rows: report.rows.filter(({ day }) => !day || days.some((known) => known.day === day)) };
  };
  const said = await answering("/v1/reports", half, async () => {
    await page.locator("#so-far").waitFor();
    const titles = await page.locator("#tiles dt").allTextContents();
    assert.ok(titles.every((title) => title.endsWith("so far")), titles.join());
    assert.match(await page.locator("#campaigns tfoot th").textContent(), /so far/);
    assert.ok(await page.locator("#key-missing").isVisible());
    await steps.look("05-so-far");
    return page.locator("#so-far").textContent();
  });
  const abort = (route) => route.abort();
  await watch.allowing(/net::ERR_FAILED|TypeError/, async () => {
    await routed(page, { [`${api}/v1/reports**`]: abort }, async () => {
      await page.reload();
      await page.locator("#alert").waitFor();
      assert.match(await page.locator("#alert").textContent(), /figures could not be loaded.*Internet/);
    });
    await page.locator("#retry").click();
    await columns.first().waitFor();
    await page.locator("#alert").waitFor({ state: "hidden" });
    // What a person asked for is theirs to try again, by the same button.
    await routed(page, { [`${demo}/language`]: abort }, async () => {
      await page.locator("#language").selectOption("de");
      await page.locator("#alert", { hasText: "try again" }).waitFor();
    });
    await Promise.all([page.waitForEvent("load"), page.locator("#retry").click()]);
    await page.locator("html[lang=de]").waitFor();
    await Promise.all([page.waitForEvent("load"), page.locator("#language").selectOption("en")]);
    await columns.first().waitFor();
  });
  return said;
}

async function failingSync() {
  const sync = { state: "failing", progress: null, last_success: "2026-11-30T08:00:00Z", last_error: { code: "no_permission", since: "2026-11-30T09:00:00Z" }, next_at: null };
  // Without the header that only browsers send, the session brings no first answers: the page asks the API itself.
  const session = async (route) => {
    const response = await route.fetch();
    assert.equal((await response.json()).first, null);
    await route.fulfill({ response });
  };
  const connections = async (route) => {
    if (route.request().method() !== "GET") return route.continue();
    const response = await route.fetch();
    const list = await response.json();
    for (const { accounts } of list.connections) for (const account of accounts) account.sync = sync;
    return route.fulfill({ response, json: list });
  };
  const said = await routed(page, { [`${demo}/session`]: session, [`${api}/v1/connections`]: connections }, async () => {
    await page.reload();
    await page.locator("#sync p").nth(1).waitFor();
    return page.locator("#sync").textContent();
  });
  assert.match(said, /Last synced 30 Nov 2026.*failed since 30 Nov 2026.*Connect once more/);
  await page.reload();
  await columns.first().waitFor();
  return said;
}

function press() {
  return page.locator("#connect button, #again button").locator("visible=true").click();
}

function alerted(words) {
  return page.locator("#alert", { hasText: words }).waitFor();
}

/** Opens the connect flow in a window of its own, as it is where windows are allowed. */
async function inWindow() {
  const [popup] = await Promise.all([context.waitForEvent("page"), press()]);
  await popup.waitForURL(`${api}/connect/**`);
  return popup;
}

/** Opens the connect flow where the browser blocks windows: in the page itself. */
async function inPlace() {
  await page.evaluate(() => { window.open = () => null; });
  await press();
  await page.waitForURL(`${api}/connect/**`);
  return page;
}

/** Goes to the platform and declines there. */
async function decline(popup) {
  await popup.locator("form button").first().click();
  await popup.waitForURL(`${sandbox}/**`);
  await popup.locator("button[value=cancel]").click();
}

async function leaveWindow() {
  const popup = await inWindow();
  await page.evaluate(() => window.dispatchEvent(new Event("focus")));
  await alerted("was closed");
  await Promise.all([popup.waitForEvent("close"), decline(popup)]);
  await alerted("You did not give access");
}

async function closeWindow() {
  await page.reload();
  const popup = await inWindow();
  await popup.close();
  await page.evaluate(() => window.dispatchEvent(new Event("focus")));
  await alerted("was closed");
}

async function onPhone() {
  const phone = await browser.newContext({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
  phone.setDefaultTimeout(PATIENCE);
  const small = await phone.newPage();
  await small.goto(demo);
  await small.locator("#connect button").tap();
  await small.waitForURL(`${api}/connect/**`);
  await decline(small);
  await small.waitForURL(`${demo}/**`);
  await small.locator("#alert", { hasText: "You did not give access" }).waitFor();
  assert.equal(phone.pages().length, 1, "no window was opened");
  await phone.close();
}

/** Takes the connect flow from the demo and back, through our pages and the platform's. */
async function connectAll(name, open) {
  let way;
  await steps.step(`${name}: our page says who asks for what`, async () => {
    way = await open();
    steps.page = way;
    await steps.look(`02-${name}-page`);
    await way.locator("form button").first().click();
  });
  await steps.step(`${name}: consent at the platform, without one advertiser`, async () => {
    await way.waitForURL(`${sandbox}/**`);
    const advertisers = way.locator("input[name=advertiser]");
    assert.ok((await advertisers.count()) >= 3, "three advertisers to choose from");
    await advertisers.nth(1).uncheck();
    await steps.look(`03-${name}-consent`);
    await way.locator("button[value=allow]").click();
  });
  await steps.step(`${name}: confirm and choose accounts`, async () => {
    await way.waitForURL((url) => url.origin === api && url.pathname === "/connect/confirm");
    const accounts = way.locator("input[name=account]");
    assert.equal(await accounts.count(), 2, "the advertiser that was unticked is not offered");
    for (const account of await accounts.all()) await account.check();
    await steps.look(`04-${name}-confirm`);
    steps.connectedAt = Date.now();
    steps.page = page;
    const back = way === page ? page.waitForURL(`${demo}/`) : way.waitForEvent("close");
    await Promise.all([back, way.locator("button[value=connect]").click()]);
    await page.locator("#report").waitFor();
    assert.equal(context.pages().length, 1, "the window has closed itself");
  });
}

async function firstRows() {
  await columns.first().waitFor();
  const took = Date.now() - steps.connectedAt;
  await page.screenshot({ path: new URL("../../target/browser/05-first-rows.png", import.meta.url).pathname, fullPage: true });
  return `${took} ms after the choice`;
}

async function completeReport() {
  await page.locator("#progress").waitFor({ state: "hidden" });
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
  const lower = names.map((name) => name.toLowerCase());
  assert.deepEqual(lower, lower.toSorted((left, right) => left.localeCompare(right, "en-GB")), "sorted by name");
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
  await columns.first().waitFor();
  return `${before}, then ${await title.textContent()}`;
}

async function downloadCsv() {
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#csv").click()]);
  const lines = (await readFile(await download.path(), "utf8")).trim().split(/\r?\n/);
  assert.match(lines[0], /day.*spend/);
  assert.ok(lines.length > 90, `${lines.length} lines`);
  return `${download.suggestedFilename()}, ${lines.length} lines`;
}

async function otherPerson() {
  const change = (person) => page.locator("#person").selectOption(person);
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
  await next.waitFor();
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
  const until = Date.now() + PATIENCE;
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
  const save = document_.getByRole("button", { name: "Download JSON" });
  const [download] = await Promise.all([page.waitForEvent("download"), save.click()]);
  const json = JSON.parse(await readFile(await download.path(), "utf8"));
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
  await page.locator("[role=status]").waitFor();
  await steps.look("12-by-mail-sent");
}

async function followMail() {
  await page.goto(mailbox);
  const link = page.locator(`a[href^="${api}/deletion-requests/"]`).first();
  // The mail leaves by a queue, shortly after the page has answered.
  const until = Date.now() + PATIENCE;
  while ((await link.count()) === 0) {
    assert.ok(Date.now() < until, "the mail came");
    await page.waitForTimeout(200);
    await page.reload();
  }
  // The page's dark background is the browser's own, which axe takes for white.
  await steps.look("13-mailbox", { colorSchemes: ["light"] });
  await page.goto(await link.getAttribute("href"));
  await steps.look("14-mail-link");
  await page.locator("form button").first().click();
  // The page under the same address now shows how far the deletion is; from there a link leads to every step.
  await page.locator("progress").first().waitFor();
  await steps.look("15-begun");
  await page.locator("dl a").first().click();
  await page.waitForURL(`${api}/deletions/**`);
  await steps.look("16-status");
  return page.locator("h1").textContent();
}

async function darkAgain() {
  await page.goto(demo);
  await page.locator("#dark").waitFor();
  assert.equal(await columns.count(), 0);
  assert.ok((await context.cookies(demo)).every(({ httpOnly }) => httpOnly), "every cookie of the demo is HttpOnly");
}
