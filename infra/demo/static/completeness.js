// The state of each day. A day that nobody fetched is missing, never zero.

import { say, sayWord } from "./texts.js";

const WITH_ROWS = new Set(["complete", "provisional", "partial"]);
const KNOWN = new Set([...WITH_ROWS, "failed", "not_permitted", "not_offered"]);

/** Gives each day of the period its status: the API's word, or "missing". The reason is a field, or stands behind a colon. */
export function statusByDay(days, entries) {
  const known = new Map(entries.map((entry) => [entry.day, entry]));
  return days.map((day) => {
    const { status, reason } = known.get(day) ?? {};
    return { day, status: KNOWN.has(status) ? status : "missing", reason: reason ?? null };
  });
}

/** Returns whether a day has rows to show. */
export const hasRows = (status) => WITH_ROWS.has(status);

/** Counts the days of a period. */
export function summarise(days) {
  const number = (wanted) => days.filter(({ status }) => wanted.includes(status)).length;
  const [missing, partial, failed] = [number(["missing"]), number(["partial"]), number(["failed"])];
  return {
    total: days.length,
    here: number([...WITH_ROWS]),
    provisional: number(["provisional"]),
    partial,
    failed,
    notPermitted: number(["not_permitted"]),
    notOffered: number(["not_offered"]),
    missing,
    settled: missing === 0,
    isSoFar: missing + partial + failed > 0,
  };
}

/** Writes the counts: "62 of 90 days here, 28 may still change". */
export function sentence(summary) {
  const parts = [["provisional", summary.provisional], ["partial", summary.partial], ["failed", summary.failed],
    ["not_permitted", summary.notPermitted], ["not_offered", summary.notOffered]];
  const more = parts.filter(([, count]) => count > 0).map(([key, count]) => say(`coverage.${key}`, { count }));
  return [say("coverage.here", { here: summary.here, count: summary.total }), ...more].join(", ");
}

/** Describes the state of one day. */
export function dayState({ status, reason }) {
  const state = say(`state.${status}`);
  return reason ? say("state.because", { state, reason: sayWord("reason", reason) }) : state;
}
