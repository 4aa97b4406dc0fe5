// The state of each day. A day that nobody fetched is missing, never zero.

const WITH_ROWS = new Set(["complete", "provisional", "partial"]);
const KNOWN = new Set([...WITH_ROWS, "failed", "not_permitted", "not_offered"]);

const REASONS = {
  rate_limited: "the platform limited our calls",
  upstream: "the platform failed",
  upstream_changed: "the platform answered in an unknown shape",
  totals_differ: "the rows do not add up to the account's total",
  odd_rows: "some rows could not be read",
  reauthorise: "the access has to be renewed",
  setup: "the product is not set up at the platform as it should be",
};

/** Gives each day of the period its status: the API's word, or "missing". */
export function statusByDay(days, entries) {
  const known = new Map(entries.map((entry) => [entry.day, entry]));
  return days.map((day) => {
    const [status, reason] = (known.get(day)?.status ?? "").split(":");
    return { day, status: KNOWN.has(status) ? status : "missing", reason: reason ?? null };
  });
}

/** Returns whether a day has rows to show. */
export const hasRows = (status) => WITH_ROWS.has(status);

/** Counts the days of a period. */
export function summarise(days) {
  const number = (wanted) => days.filter(({ status }) => wanted.includes(status)).length;
  const missing = number(["missing"]);
  return {
    total: days.length,
    here: number([...WITH_ROWS]),
    provisional: number(["provisional"]),
    partial: number(["partial"]),
    failed: number(["failed"]),
    notPermitted: number(["not_permitted"]),
    notOffered: number(["not_offered"]),
    missing,
    settled: missing === 0,
  };
}

/** Writes the counts: "62 of 90 days here, 28 may still change". */
export function sentence(summary) {
  const parts = [`${summary.here} of ${summary.total} days here`];
  if (summary.provisional > 0) parts.push(`${summary.provisional} may still change`);
  if (summary.partial > 0) parts.push(`${summary.partial} incomplete`);
  if (summary.failed > 0) parts.push(`${summary.failed} could not be fetched`);
  if (summary.notPermitted > 0) parts.push(`${summary.notPermitted} not covered by the access you gave`);
  if (summary.notOffered > 0) parts.push(`${summary.notOffered} not offered by the platform`);
  return parts.join(", ");
}

/** Describes the state of one day. */
export function dayState({ status, reason }) {
  const because = reason ? ` (${REASONS[reason] ?? reason})` : "";
  switch (status) {
    case "complete": return "final";
    case "provisional": return "may still change";
    case "partial": return `incomplete${because}`;
    case "failed": return `could not be fetched${because}`;
    case "not_permitted": return "not covered by the access you gave";
    case "not_offered": return "not offered by the platform";
    default: return "not here yet";
  }
}
