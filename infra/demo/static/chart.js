// The chart: spend as columns, conversions as a line below, one shared axis of days. Plain SVG.

import { s } from "./dom.js";
import { dayState, hasRows, sentence, summarise } from "./completeness.js";
import { longDay, shortDay } from "./days.js";
import { axisMoney, count, money } from "./money.js";
import { band, labelIndexes, linear, linePath, niceTicks, runs } from "./scale.js";
import { say } from "./texts.js";

const TOP = 26;
const GAP = 40;
const AXIS = 28;
const RIGHT = 14;
const LABEL_WIDTH = 60;
const LABEL_HALF = 27;

/** Draws the days of a model into an element of some width; returns how to find and mark a day. */
export function draw(plot, model) {
  const frame = layout(plot, model);
  const cursor = s("rect", { class: "cursor", y: TOP - 6, height: frame.bottom - TOP + 6, width: frame.columns.step, visibility: "hidden" });
  plot.replaceChildren(
    s("svg", { role: "img", "aria-label": summaryText(model), width: frame.width, height: frame.height, viewBox: `0 0 ${frame.width} ${frame.height}` },
      patterns(), shades(frame, model.days), cursor, grid(frame, model), columns(frame, model.days),
      conversions(frame, model.days), dayAxis(frame, model.days)),
  );
  return {
    indexAt: (x) => frame.columns.indexAt(x),
    middle: (index) => frame.columns.middle(index),
    mark: (index) => mark(cursor, frame.columns, index),
  };
}

/** Draws the same frame with nothing in it. */
export function drawVoid(plot) {
  const width = Math.max(240, plot.clientWidth);
  const lines = [0, 1, 2, 3].map((row) => s("line", { class: "grid", x1: 0, x2: width, y1: 30 + row * 50, y2: 30 + row * 50 }));
  plot.replaceChildren(s("svg", { "aria-hidden": "true", width, height: 200, viewBox: `0 0 ${width} 200` }, lines,
    s("line", { class: "base", x1: 0, x2: width, y1: 180, y2: 180 })));
}

/** Describes what the chart shows, for people who do not see it. */
export function summaryText({ days, currency }) {
  const seen = days.filter(({ status }) => hasRows(status));
  const coverage = sentence(summarise(days));
  if (seen.length === 0) return say("chart.nothing", { coverage });
  const most = seen.reduce((best, day) => ((day.spend ?? 0n) > (best.spend ?? 0n) ? day : best));
  return say("chart.summary", {
    from: shortDay(days[0].day), to: shortDay(days.at(-1).day), coverage,
    spend: money(seen.reduce((sum, day) => sum + (day.spend ?? 0n), 0n), currency),
    conversions: count(seen.reduce((sum, day) => sum + (day.conversions ?? 0), 0)),
    most: shortDay(most.day), most_spend: money(most.spend ?? 0n, currency),
  });
}

/** Describes one day: its date, figures and state. */
export function dayText(day, currency) {
  const about = { day: longDay(day.day), state: dayState(day) };
  if (!hasRows(day.status)) return say("chart.day_without", about);
  const spend = day.spend === null ? say("chart.not_reported") : money(day.spend, currency);
  const conversions = day.conversions === null ? say("chart.not_reported") : count(day.conversions);
  return say("chart.day", { ...about, spend, conversions });
}

function layout(plot, { days, currency }) {
  const width = Math.max(240, plot.clientWidth);
  const height = width < 520 ? 320 : 360;
  const bottom = height - AXIS;
  const inner = bottom - TOP - GAP;
  const spendHeight = Math.round(inner * 0.68);
  const spend = niceTicks(Math.max(0, ...days.map((day) => Number(day.spend ?? 0n))), 4, 1e4);
  const conversions = niceTicks(Math.max(0, ...days.map((day) => day.conversions ?? 0)), 2, 1);
  const labels = [...spend.ticks.map((tick) => axisMoney(tick, currency)), ...conversions.ticks.map(count)];
  const left = Math.ceil(Math.max(...labels.map((label) => label.length)) * 7 + 12);
  const spendBottom = TOP + spendHeight;
  return {
    width, height, bottom, left, spend, conversions, spendBottom,
    right: width - RIGHT,
    columns: band(days.length, left, width - RIGHT - left),
    spendY: linear(spend.top, spendBottom, spendHeight),
    conversionsY: linear(conversions.top, bottom, inner - spendHeight),
  };
}

function patterns() {
  const stripes = (id, name, size) =>
    s("pattern", { id, class: name, width: size, height: size, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      s("rect", { class: "back", width: size, height: size }), s("line", { x1: 0, y1: 0, x2: 0, y2: size }));
  return s("defs", null, stripes("hatch-missing", "hatch-missing", 7), stripes("hatch-failed", "hatch-failed", 5));
}

/** Draws shades of full height behind the days that are not final. */
function shades(frame, days) {
  const shade = (trait, attributes) => runs(days, trait).map(({ from, to }) =>
    s("rect", { ...attributes, x: frame.columns.start(from), y: TOP - 6, width: (to - from + 1) * frame.columns.step, height: frame.bottom - TOP + 6 }));
  return s("g", null,
    shade(({ status }) => status === "provisional", { class: "shade-provisional" }),
    shade(({ status }) => status === "missing", { class: "shade-missing", fill: "url(#hatch-missing)" }),
    shade(({ status }) => ["failed", "partial", "not_permitted", "not_offered"].includes(status), { fill: "url(#hatch-failed)" }));
}

function grid(frame, { currency }) {
  const line = (y, label, isBase) => [
    s("line", { class: isBase ? "base" : "grid", x1: frame.left, x2: frame.right, y1: y, y2: y }),
    s("text", { class: "tick", x: frame.left - 8, y: y + 4, "text-anchor": "end" }, label),
  ];
  return s("g", null,
    frame.spend.ticks.map((tick) => line(frame.spendY(tick), axisMoney(tick, currency), tick === 0)),
    frame.conversions.ticks.map((tick) => line(frame.conversionsY(tick), count(tick), tick === 0)),
    s("text", { class: "caption", x: frame.left, y: TOP - 12 }, say("chart.spend", { currency })),
    s("text", { class: "caption", x: frame.left, y: frame.spendBottom + GAP - 10 }, say("metric.conversions")));
}

function columns(frame, days) {
  const { start, step, size } = frame.columns;
  return s("g", null, days.map((day, index) => {
    if (!hasRows(day.status) || !day.spend) return null;
    const y = frame.spendY(Number(day.spend));
    return s("rect", {
      class: `column ${day.status}`, x: start(index) + (step - size) / 2, y, width: size,
      height: Math.max(0.75, frame.spendBottom - y), rx: Math.min(2, size / 4),
    });
  }));
}

function conversions(frame, days) {
  const points = days.map((day, index) => hasRows(day.status) && day.conversions !== null
    ? [frame.columns.middle(index), frame.conversionsY(day.conversions), index] : null);
  const alone = (_, index) => points[index] && !points[index - 1] && !points[index + 1];
  const shown = days.length <= 31 ? points.filter(Boolean) : points.filter(alone);
  // The line is drawn twice: where both ends of a piece are final it is dark, where one may change it is lighter.
  const isOpen = days.map(({ status }) => status !== "complete");
  const final = points.map((point, index) => (isOpen[index] ? null : point));
  const open = points.map((point, index) => (isOpen[index] || isOpen[index + 1] ? point : null));
  return s("g", null, s("path", { class: "line provisional", d: linePath(open) }), s("path", { class: "line", d: linePath(final) }),
    shown.map(([cx, cy, index]) => s("circle", { class: isOpen[index] ? "dot provisional" : "dot", cx, cy, r: 2.5 })));
}

function dayAxis(frame, days) {
  return s("g", null, labelIndexes(days.length, frame.right - frame.left, LABEL_WIDTH).map((index) =>
    s("text", { class: "tick", x: Math.min(frame.columns.middle(index), frame.width - LABEL_HALF), y: frame.height - 8, "text-anchor": "middle" },
      shortDay(days[index].day))));
}

function mark(cursor, { start }, index) {
  cursor.setAttribute("visibility", index === null ? "hidden" : "visible");
  if (index !== null) cursor.setAttribute("x", start(index));
}
