// Asks for a report and puts its answers into the model that the panel and the table draw.

import { callAll, fetchAs, turn } from "./api.js";
import { METRICS } from "./columns.js";
import { hasRows, statusByDay, summarise } from "./completeness.js";
import { addDays, dayIn, range } from "./days.js";
import { plainCsv } from "./names.js";

const LIMIT = 1_000;

/** Returns the period of the last `length` days in the account's zone, today included. */
export function periodOf(account, length, now) {
  const to = dayIn(account.time_zone, now);
  return { from: addDays(to, 1 - length), to };
}

/** Loads the figures of an account (with its connection's id) by day and by campaign. */
export async function loadReport(account, period) {
  const [daily, campaigns] = await Promise.all([
    callAll(chartQuery(account, period), "rows"),
    callAll(query(account, period, { level: "campaign", group_by: "entity" }), "rows"),
  ]);
  return modelOf(account, period, daily, campaigns);
}

/** Loads the days of each campaign as CSV, page by page; the line of names comes once. */
export async function loadCsv(account, period) {
  let path = query(account, period, { level: "campaign", group_by: "day,entity", sort: "day" });
  const turned = new Set();
  const parts = [];
  while (path) {
    turn(turned, path);
    const response = await fetchAs(path, "text/csv");
    const part = await response.text();
    parts.push(parts.length === 0 ? part : part.slice(part.indexOf("\n") + 1));
    path = nextPage(response);
  }
  return plainCsv(parts.join(""));
}

/** Returns the path of the next page in a Link header. */
function nextPage(response) {
  const address = response.headers.get("link")?.match(/<([^>]+)>; rel="next"/)?.[1];
  if (!address) return null;
  const { pathname, search } = new URL(address);
  return pathname + search;
}

/** Returns the address of the report that a chart shows, to be asked again after the disconnect. */
export const chartQuery = (account, period) => query(account, period, { level: "account", group_by: "day", sort: "day" });

function query(account, { from, to }, rest) {
  const parameters = { connection_id: account.connection_id, account_id: account.id, ...rest, from, to, metrics: METRICS, limit: LIMIT };
  return `/v1/reports?${new URLSearchParams(parameters)}`;
}

/** Puts the answers together: one entry for each day of the period, whatever the API knows of it. */
export function modelOf(account, { from, to }, daily, campaigns) {
  const rows = new Map(daily.rows.map((row) => [row.day, row.metrics]));
  const atBoth = leastOf(statusByDay(range(from, to), daily.completeness), statusByDay(range(from, to), campaigns.completeness));
  const days = atBoth.map(({ day, status, reason }) => {
    const metrics = rows.get(day);
    const nothing = hasRows(status) && !metrics;
    return {
      day, status, reason,
      spend: nothing ? 0n : (metrics?.spend?.amount_micros ?? null),
      conversions: nothing ? 0 : metrics?.conversions == null ? null : Number(metrics.conversions),
    };
  });
  const { settled, isSoFar } = summarise(days);
  return {
    account: account.id, currency: daily.currency, zone: daily.time_zone, days, settled, isSoFar,
    totals: daily.totals ?? {},
    campaigns: campaigns.rows, campaignTotals: campaigns.totals,
    campaignsText: text(campaigns.rows), campaignTotalsText: text(campaigns.totals ?? {}),
  };
}

/** A day counts as fetched only when the table can show it as well as the chart. */
function leastOf(left, right) {
  return left.map((day, index) => (right[index].status === "missing" ? right[index] : day));
}

const text = (value) => JSON.stringify(value, (_, part) => (typeof part === "bigint" ? String(part) : part));
