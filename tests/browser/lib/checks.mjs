// Checks of every page: usable at 360 pixels, and without serious accessibility faults.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const SERIOUS = new Set(["serious", "critical"]);

const TRIES = 5;

/** Runs a check of a page that may load itself anew at any moment, as the status of a deletion does: then it begins again. */
export async function uninterrupted(page, check) {
  for (let tries = 1; ; tries += 1) {
    let loaded = false;
    const note = (frame) => { loaded ||= frame === page.mainFrame(); };
    page.on("framenavigated", note);
    try {
      return await check();
    } catch (error) {
      // The script's end may be told before the navigation that ended it.
      if (!(loaded || error.message.includes("because of a navigation")) || tries === TRIES) throw error;
      await page.waitForLoadState();
    } finally {
      page.off("framenavigated", note);
    }
  }
}

/** Runs axe on a page, in both colour schemes unless given others. Axe enters through the debugger, which no policy of the page concerns. */
export async function accessible(page, colorSchemes = ["light", "dark"]) {
  for (const colorScheme of colorSchemes) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const { violations } = await uninterrupted(page, async () => {
      await page.evaluate(axe);
      return page.evaluate((tags) => globalThis.axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] }), TAGS);
    });
    const serious = violations.filter(({ impact }) => SERIOUS.has(impact));
    if (serious.length > 0) throw new Error(`accessibility, ${colorScheme}, ${page.url().split("?")[0]}:\n  ${serious.map(describe).join("\n  ")}`);
  }
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
}

function describe({ id, help, nodes }) {
  const places = nodes.slice(0, 3).map(({ target, failureSummary }) => `${target.join(" ")}: ${failureSummary?.split("\n").at(1)?.trim()}`);
  return `${id}: ${help}\n    ${places.join("\n    ")}`;
}

/** Changes a page's size and waits until the page is drawn in it: a fixed time would be too short on a busy machine. */
export async function resize(page, size) {
  await page.setViewportSize(size);
  await uninterrupted(page, async () => {
    await page.waitForFunction((width) => innerWidth === width, size.width);
    await page.evaluate(async () => {
      for (let frames = 0; frames < 3; frames += 1) await new Promise(requestAnimationFrame);
    });
  });
}

/** Checks that nothing of a page needs scrolling sideways on a small phone; takes a picture of it. */
export async function narrow(page, picture) {
  const before = page.viewportSize();
  await resize(page, { width: 360, height: 740 });
  const over = await uninterrupted(page, () =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth));
  await page.screenshot({ path: picture, fullPage: true });
  await resize(page, before);
  if (over > 0) throw new Error(`${page.url().split("?")[0]} is ${over} pixels too wide at 360`);
}
