// The figures that tiles and tables show: how the page reads, writes and compares each.

import { count, factor, money, percent } from "./money.js";

const NONE = "–";
const amount = (value, currency) => (value?.amount_micros == null ? NONE : money(value.amount_micros, value.currency ?? currency));
const plain = (write) => (value) => (value == null ? NONE : write(Number(value)));

/** The columns, in the order of the table. */
export const COLUMNS = [
  { key: "spend", title: "Spend", text: amount },
  { key: "impressions", title: "Impressions", text: plain(count) },
  { key: "clicks", title: "Clicks", text: plain(count) },
  { key: "ctr", title: "CTR", text: plain(percent), full: "Clicks per impression" },
  { key: "cpc", title: "CPC", text: amount, full: "Cost per click" },
  { key: "cpm", title: "CPM", text: amount, full: "Cost per thousand impressions" },
  { key: "conversions", title: "Conversions", text: plain(count) },
  { key: "roas", title: "ROAS", text: plain(factor), full: "Conversion value per spend" },
];

/** The metrics to ask the API for. */
export const METRICS = COLUMNS.map(({ key }) => key).join();

/** Returns a value as something to compare: null when it was not reported. */
export const comparable = (value) => value?.amount_micros ?? (value == null ? null : Number(value));

/** Compares two values; a value that was not reported is always last. */
export function compare(left, right, descending) {
  if (left === null || right === null) return (left === null) - (right === null);
  if (left === right) return 0;
  return (left < right ? -1 : 1) * (descending ? -1 : 1);
}
