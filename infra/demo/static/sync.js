// How fetching from the platform goes: progress, the last success, and a failure with what to do.

import { dateTime } from "./days.js";
import { byId, h, refill, show } from "./dom.js";
import { say } from "./texts.js";

const STATES = ["waiting", "backfilling", "current", "retrying", "failing", "late", "stopped"];
const CODES = ["rate_limited", "platform_outage", "platform_changed", "needs_reauth", "no_permission", "setup"];

/** Shows the sync of an account; an API that says nothing of it shows nothing. */
export function showSync(sync) {
  show(byId("sync"), Boolean(sync));
  if (sync) refill(byId("sync"), JSON.stringify(sync), () => syncLines(sync).map((text) => h("p", null, text)));
}

/** Describes a sync: how it goes and when it last went well; if it fails, since when and what to do. */
export function syncLines(sync) {
  const { last_success: last, last_error: error, next_at: next } = sync;
  const when = [last ? say("sync.last_success", { when: dateTime(last) }) : null, next ? say("sync.next", { when: dateTime(next) }) : null];
  const first = [stateText(sync), ...when].filter(Boolean).join(" ");
  return error ? [first, `${say("sync.since", { when: dateTime(error.since) })} ${advice(error)}`] : [first];
}

function stateText({ state, progress }) {
  if (state === "backfilling" && progress) return say("sync.progress", { done: progress.days_done, count: progress.days_asked });
  return STATES.includes(state) ? say(`sync.${state}`) : null;
}

const advice = ({ code }) => say(`sync_error.${CODES.includes(code) ? code : "other"}`);
