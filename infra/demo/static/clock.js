// The stack's time. The stack's clock may run faster than the browser's, and countdowns have to follow it.

import { serverNow, skipTo } from "./server.js";

let last = null;
let rate = 1;

/** Takes a reading of the stack's clock; two readings give its speed. */
export function useTime(server, local = performance.now()) {
  if (last && local - last.local > 300) rate = Math.max(1, (server - last.server) / (local - last.local));
  if (rate < 1.2) rate = 1;
  last = { server, local };
}

/** Reads the stack's clock once more. */
export async function synchronise() {
  const before = performance.now();
  const server = await serverNow();
  useTime(server, (before + performance.now()) / 2);
}

/** Moves the stack's clock to an instant. The jump says nothing about the clock's speed. */
export async function skip(until) {
  await skipTo(until);
  last = null;
  await synchronise();
}

/** Returns the stack's time, as well as the page knows it. */
export const now = () => (last ? last.server + (performance.now() - last.local) * rate : Date.now());

/** Returns how much faster than the browser's clock the stack's clock runs. */
export const speed = () => rate;
