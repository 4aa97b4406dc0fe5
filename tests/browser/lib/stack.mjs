// The stack under test: started here from target/debug/mooring, or given by its origins.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";

import { closing, openBrowser, PATIENCE } from "./browser.mjs";

const PORTS = 8;
const ROOT = path.resolve(import.meta.dirname, "../../..");

/** Starts a stack, or takes the one that options or the environment name. */
export async function openStack({ demo, api, sandbox, mailbox, binary, size = [] }) {
  if (demo) return new GivenStack({ demo, api, sandbox, mailbox });
  const port = await freePorts();
  const data = await mkdtemp(path.join(ROOT, "target", "browser-data-"));
  const stack = new OwnStack(binary ?? path.join(ROOT, "target/debug/mooring"), data, port, size);
  await stack.start().catch(closing(stack));
  return stack;
}

/** Opens a stack and a browser with one page. `close` ends both. */
export async function openStackAndBrowser(options) {
  const stack = await openStack(options);
  const opened = await openBrowser(stack.addresses).catch(closing(stack));
  return { stack, ...opened, close: () => opened.browser.close().finally(() => stack.close()) };
}

/** A stack that somebody else started. */
class GivenStack {
  constructor(addresses) {
    this.addresses = addresses;
  }

  async close() {}
}

/** A stack that the tests start. It keeps its data in a directory, as a person's does. */
class OwnStack {
  constructor(binary, data, port, size) {
    Object.assign(this, { binary, data, port, size, child: null, log: "", key: null });
  }

  async start() {
    const arguments_ = ["--port", this.port, "--data", this.data, ...this.size].map(String);
    this.child = spawn(this.binary, arguments_, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    this.child.on("error", (error) => { this.log += `${error}\n`; });
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on("data", (text) => { this.log += text; });
    await once(this.child, "spawn");
    this.addresses = await this.untilPrinted(this.log.length);
  }

  get isRunning() {
    const { pid, exitCode, signalCode } = this.child ?? {};
    return pid !== undefined && exitCode === null && signalCode === null;
  }

  async untilPrinted(from) {
    const until = Date.now() + PATIENCE;
    while (Date.now() < until && this.isRunning) {
      const printed = this.log.slice(from);
      const read = (name) => printed.match(new RegExp(`^\\s*${name}\\s+(http\\S+)`, "m"))?.[1];
      const [demo, api, sandbox, mailbox] = ["demo", "api", "sandbox", "mailbox"].map(read);
      this.key = printed.match(/^\s*api key\s+(\S+)/m)?.[1] ?? this.key;
      if (demo && api && sandbox && mailbox && printed.includes("\n", printed.indexOf(mailbox))) {
        return { demo: new URL(demo).origin, api: new URL(api).origin, sandbox: new URL(sandbox).origin, mailbox };
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`${this.binary} did not come up; it said:\n${this.log.slice(from).slice(-4000)}`);
  }

  async stop() {
    if (!this.isRunning) return;
    const ended = once(this.child, "exit");
    this.child.kill("SIGINT");
    const late = setTimeout(() => this.child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(late);
  }

  async close() {
    await this.stop();
    await rm(this.data, { recursive: true, force: true });
  }
}

/** Finds neighbouring ports that are all free. */
async function freePorts() {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const first = 20_000 + Math.floor(Math.random() * 12_000);
    const all = await Promise.all(Array.from({ length: PORTS }, (_, index) => isFree(first + index)));
    if (all.every(Boolean)) return first;
  }
  throw new Error("no neighbouring free ports found");
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer().once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
