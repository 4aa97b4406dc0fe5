// The stack's time. Its clock may run faster than ours, and countdowns have to follow it.

import { serverNow } from "./api.js";

let last = null;
let rate = 1;

/** Reads the clock once more; two readings give its speed. */
export async function synchronise() {
  const before = performance.now();
  const server = await serverNow();
  const local = (before + performance.now()) / 2;
  if (last && local - last.local > 300) rate = Math.max(1, (server - last.server) / (local - last.local));
  if (rate < 1.2) rate = 1;
  last = { server, local };
}

/** What time it is there, as well as we know. */
export const now = () => (last ? last.server + (performance.now() - last.local) * rate : Date.now());

/** How much faster than ours it runs. */
export const speed = () => rate;
