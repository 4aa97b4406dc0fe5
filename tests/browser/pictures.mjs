// Takes a picture of every view of the demo, on a phone and on a desk, light and dark, in every language, and prints how
// high each page is and where its main buttons are.
//
//   node pictures.mjs FOLDER [--binary PATH] [--view NAME]...

import { mkdir } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";

import { PATIENCE, routed } from "./lib/browser.mjs";
import { openStackAndBrowser } from "./lib/stack.mjs";
import { languages } from "./lib/texts.mjs";

const SIZES = [{ width: 360, height: 740 }, { width: 1280, height: 800 }];
const SCHEMES = ["light", "dark"];
const BUTTONS = "#connect button, #again button, #csv, #disconnect, #retry, #confirm[open] [value=yes], .skip-wait button, .receipt > button";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { binary: { type: "string" }, view: { type: "string", multiple: true } } });
const [folder] = positionals;
if (!folder) throw new Error("name the folder for the pictures");
await mkdir(folder, { recursive: true });

const { stack, context, page, close } = await openStackAndBrowser(values);
const { demo, api, sandbox } = stack.addresses;

/** Each view: how the page shows it, and handlers of its requests. */
const beforeConnecting = {
  loading: [async () => {
    await page.goto(demo, { waitUntil: "commit" });
    await page.locator("#loading").waitFor();
  }, { [`${demo}/session`]: () => {} }],
  error: [open("#alert"), { [`${demo}/session`]: (route) => route.abort() }],
  empty: [open("#empty")],
};
const unavailable = { status: 503, json: { code: "store_unavailable" }, headers: { "access-control-allow-origin": demo } };
const connected = {
  "loading-figures": [open("#figures-loading"), { [`${api}/v1/reports**`]: () => {} }],
  syncing: [open("#chart .shade-missing"), { [`${api}/v1/reports**`]: altered(halfSynced) }],
  "figures-error": [open("#alert"), { [`${api}/v1/reports**`]: (route) => route.fulfill(unavailable) }],
  report: [open("#chart .column")],
  days: [async () => {
    await open("#chart .column")();
    await page.locator("#days summary").click();
  }],
  "confirm-account": [async () => {
    await open("#chart .column")();
    await page.locator("#accounts button").first().click();
  }],
  confirm: [async () => {
    await open("#chart .column")();
    await page.locator("#disconnect").click();
  }],
};

try {
  await views(beforeConnecting);
  await connect();
  await views(connected);
  await open("#chart .column")();
  await page.locator("#disconnect").click();
  await page.locator("#confirm [value=yes]").click();
  await page.locator(".deletion").first().waitFor();
  await views({ deletion: [open(".deletion .countdown")] });
  await skipAll();
  await views({ receipt: [open(".receipt")] });
} finally {
  await close();
}

/** Takes the views, each in every size, scheme and language. */
async function views(all) {
  for (const [name, [show, handlers = {}]] of Object.entries(all)) {
    if (values.view && !values.view.includes(name)) continue;
    for (const language of await languages()) {
      await context.addCookies([{ name: "statasphere_language", value: language, url: demo }]);
      // Some handlers leave requests without an answer: nothing can wait for those.
      for (const size of SIZES) await routed(page, handlers, () => takeBoth(name, language, size, show), "ignoreErrors");
    }
  }
}

async function takeBoth(name, language, size, show) {
  await page.setViewportSize(size);
  await show();
  const buttons = await page.locator(BUTTONS).locator("visible=true").evaluateAll((found) =>
    found.map((button) => `${button.textContent.trim()} at ${Math.round(button.getBoundingClientRect().top + scrollY)}`));
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  console.log(`${name} ${language} ${size.width}: ${height} high; ${[...new Set(buttons)].slice(0, 4).join("; ")}`);
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.waitForTimeout(150);
    const isWindow = await page.locator("#confirm[open]").count();
    await page.screenshot({ path: path.join(folder, `${name}-${language}-${size.width}-${colorScheme}.png`), fullPage: !isWindow });
  }
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
}

/** Opens the demo and waits for something on it. */
function open(selector) {
  return async () => {
    await page.goto(demo);
    await page.locator(selector).first().waitFor();
    await page.mouse.move(0, 0);
  };
}

/** Takes the connect flow, in a window of its own where the demo opens one. */
async function connect() {
  await open("#empty")();
  const opened = Promise.race([context.waitForEvent("page"), page.waitForURL(`${api}/connect/**`).then(() => page)]);
  const [flow] = await Promise.all([opened, page.locator("#connect button").click()]);
  await flow.locator("form button").first().click();
  await flow.waitForURL(`${sandbox}/**`);
  await flow.locator("button[value=allow]").click();
  await flow.waitForURL((url) => url.origin === api && url.pathname === "/connect/confirm");
  for (const account of await flow.locator("input[name=account]").all()) await account.check();
  await flow.locator("button[value=connect]").click();
  await page.locator("#progress").waitFor({ state: "hidden" });
  await page.locator("#chart .column").first().waitFor();
  await page.waitForFunction(() => document.getElementById("progress").hidden);
}

async function skipAll() {
  await open(".deletion")();
  const until = Date.now() + PATIENCE;
  while ((await page.locator(".receipt").count()) === 0) {
    if (Date.now() > until) throw new Error("no receipt came");
    await page.locator(".skip-wait button").first().click({ timeout: 2_000 }).catch(() => {});
    await page.waitForTimeout(500);
  }
}

/** Makes a handler that changes the answers of the API's reports. */
function altered(change) {
  return async (route) => {
    if (route.request().method() !== "GET") return route.continue();
    const response = await route.fetch();
    return route.fulfill({ response, json: change(await response.json()) });
  };
}

/** Takes the older half of the days away, as while a first sync goes on. */
function halfSynced(report) {
  const half = report.completeness.map(({ day }) => day).toSorted()[Math.floor(report.completeness.length / 2)];
  return { ...report, completeness: report.completeness.filter(({ day }) => day > half), rows: report.rows.filter(({ day }) => !day || day > half) };
}
