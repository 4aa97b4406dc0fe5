// Debian's Chromium, with a record of everything that goes wrong on a page.

import { chromium } from "playwright-core";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

/** How long a page may take, in milliseconds: only a broken one needs as long. */
export const PATIENCE = 300_000;

/** Opens a browser with one page and a record of its faults; it asks for pages in the language of the locale. */
export async function openBrowser(addresses, { locale = "en-GB" } = {}) {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", headless: true, args: FLAGS });
  return openPage(browser, addresses, locale).catch(closing(browser));
}

/** Makes a handler of a failed start: it closes what is open already, which would keep running, and passes the failure on. */
export const closing = (open) => (error) => open.close().finally(() => { throw error; });

async function openPage(browser, addresses, locale) {
  const context = await browser.newContext({
    viewport: { width: 1180, height: 860 }, locale, colorScheme: "light", reducedMotion: "reduce", acceptDownloads: true,
  });
  context.setDefaultTimeout(PATIENCE);
  await context.addInitScript(() => document.addEventListener("securitypolicyviolation", (event) =>
    console.error(`CSP: ${event.violatedDirective} blocked ${event.blockedURI}`)));
  const watch = new Watch(addresses);
  context.on("page", (page) => watch.page(page));
  context.on("request", (request) => watch.request(request));
  const page = await context.newPage();
  return { browser, context, page, watch };
}

/**
 * Answers requests of a page, by handlers under their patterns, for as long as something runs. Throws the error of a
 * handler afterwards: thrown inside the handler, it would end the process, and no `catch` would see it.
 */
export async function routed(page, handlers, run, behavior = "wait") {
  const failures = [];
  for (const [pattern, handler] of Object.entries(handlers)) {
    await page.route(pattern, async (route) => {
      try {
        await handler(route);
      } catch (error) {
        failures.push(error);
        await route.continue().catch(() => {});
      }
    });
  }
  try {
    return await run();
  } finally {
    // `unroute` would send a request on under the hands of a handler that has not answered it yet.
    await page.unrouteAll({ behavior });
    // This error comes before an error of the run, which it may explain.
    if (failures.length > 0) throw failures[0];
  }
}

/** Records console errors, exceptions, and requests to foreign hosts. */
class Watch {
  constructor({ demo, api, sandbox, mailbox }) {
    this.origins = new Set([demo, api, sandbox, mailbox].map((address) => new URL(address).origin));
    this.faults = [];
    this.allowed = [];
  }

  /** Expects console errors that match, for as long as something runs. */
  async allowing(pattern, run) {
    this.allowed.push(pattern);
    try {
      return await run();
    } finally {
      this.allowed.splice(this.allowed.indexOf(pattern), 1);
    }
  }

  page(page) {
    page.on("console", (message) => {
      const text = `${message.text()} (${message.location().url.split("?")[0]})`;
      if (message.type() === "error" && !this.allowed.some((pattern) => pattern.test(text))) this.faults.push(`console: ${text}`);
    });
    page.on("pageerror", (error) => this.faults.push(`exception: ${error.message}`));
  }

  request(request) {
    const url = new URL(request.url());
    if (["http:", "https:"].includes(url.protocol) && !this.origins.has(url.origin)) this.faults.push(`request to ${url.origin}`);
  }

  /** Fails with everything that was recorded since the last check. */
  check() {
    const faults = this.faults.splice(0);
    if (faults.length > 0) throw new Error(`the page complained:\n  ${faults.join("\n  ")}`);
  }
}
