// Runs a journey step by step: names the step that failed, and takes pictures.

import { mkdir } from "node:fs/promises";
import path from "node:path";

import { accessible, narrow } from "./checks.mjs";

const ROOT = path.resolve(import.meta.dirname, "../../..");
const PICTURES = path.join(ROOT, "target/browser");

export class Steps {
  constructor(page, watch) {
    Object.assign(this, { page, watch, number: 0 });
  }

  /** Runs one step. A failure names it, with a picture of the page. */
  async step(name, run) {
    const started = Date.now();
    this.number += 1;
    try {
      const said = await run();
      this.watch.check();
      console.log(`ok ${String(this.number).padStart(2)} ${name}${said ? `: ${said}` : ""} (${Date.now() - started} ms)`);
    } catch (error) {
      const picture = path.join(PICTURES, `failed-${this.number}.png`);
      await mkdir(PICTURES, { recursive: true });
      await this.page.screenshot({ path: picture, fullPage: true }).catch(() => {});
      console.error(`FAILED ${this.number} ${name}\n  at ${this.page.url().split("?")[0]}\n  picture ${path.relative(ROOT, picture)}`);
      for (const fault of new Set(this.watch.faults)) console.error(`  ${fault}`);
      throw error;
    }
  }

  /** Takes a picture of the page, and checks it: accessibility, 360 pixels. */
  async look(name, { fullPage = true, colorSchemes } = {}) {
    await mkdir(PICTURES, { recursive: true });
    await this.page.screenshot({ path: path.join(PICTURES, `${name}.png`), fullPage });
    await accessible(this.page, colorSchemes);
    await narrow(this.page, path.join(PICTURES, `${name}-360.png`));
  }

  /** Takes a picture of the page's upper part for the README. */
  async keep(name, height) {
    const folder = path.join(ROOT, "docs/images");
    await mkdir(folder, { recursive: true });
    const clip = { x: 0, y: 0, width: this.page.viewportSize().width, height };
    await this.page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true, clip });
  }
}
