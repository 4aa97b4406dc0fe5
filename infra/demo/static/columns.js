// The figures that tiles and tables show: how the page reads, writes and compares each.

import { count, factor, money, percent } from "./money.js";
import { say } from "./texts.js";

const NONE = "–";
const amount = (value, currency) => (value?.amount_micros == null ? NONE : money(value.amount_micros, value.currency ?? currency));
const plain = (write) => (value) => (value == null ? NONE : write(Number(value)));

/** The columns, in the order of the table. */
export const COLUMNS = [
  { key: "spend", text: amount },
  { key: "impressions", text: plain(count) },
  { key: "clicks", text: plain(count) },
  { key: "ctr", text: plain(percent), isShort: true },
  { key: "cpc", text: amount, isShort: true },
  { key: "cpm", text: amount, isShort: true },
  { key: "conversions", text: plain(count) },
  { key: "roas", text: plain(factor), isShort: true },
];

/** The metrics to ask the API for. */
export const METRICS = COLUMNS.map(({ key }) => key).join();

/** Returns the title of a column. */
export const titleOf = ({ key }) => say(`metric.${key}`);

/** Returns what a title stands for, where it is short. */
export const fullTitleOf = ({ key, isShort }) => (isShort ? say(`metric_full.${key}`) : null);

/** Returns a value as something to compare: null when it was not reported. */
export const comparable = (value) => value?.amount_micros ?? (value == null ? null : Number(value));

/** Compares two values; a value that was not reported is always last. */
export function compare(left, right, descending) {
  if (left === null || right === null) return (left === null) - (right === null);
  const order = typeof left === "string" ? left.localeCompare(right) : (left > right) - (left < right);
  return descending ? -order : order;
}
