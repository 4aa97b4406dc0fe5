// The report's panel: tiles, completeness, the chart with its pointer and keys, and the same figures as a table.

import { dayText, draw } from "./chart.js";
import { COLUMNS, titleOf } from "./columns.js";
import { dayState, hasRows, sentence, summarise } from "./completeness.js";
import { longDay, rowDay } from "./days.js";
import { byId, h, refill, show } from "./dom.js";
import { count, money } from "./money.js";
import { say } from "./texts.js";

const figure = byId("chart");
const plot = figure.querySelector(".plot");
const tip = figure.querySelector(".tip");
const scrub = byId("scrub");
const TILES = ["spend", "impressions", "clicks", "ctr", "conversions", "roas"];

let model = null;
let chart = null;

/** Shows a model; the parts that did not change stay. */
export function showReport(next) {
  model = next;
  showTiles();
  showCompleteness();
  refill(byId("days").querySelector("tbody"), fingerprint(), dayRows);
  if (figure.dataset.key === fingerprint()) return;
  figure.dataset.key = fingerprint();
  redraw();
}

/** Forgets everything that it drew. */
export function clearReport() {
  model = null;
  chart = null;
  delete figure.dataset.key;
  plot.replaceChildren();
  for (const element of [byId("tiles"), byId("days").querySelector("tbody")]) {
    delete element.dataset.key;
    element.replaceChildren();
  }
  hideDay();
}

function fingerprint() {
  return [model.account, model.currency, ...model.days.map((day) => `${day.day}${day.status}${day.spend}${day.conversions}`)].join();
}

function redraw() {
  if (!model) return;
  chart = draw(plot, model);
  scrub.max = model.days.length - 1;
  scrub.value = model.days.length - 1;
  scrub.setAttribute("aria-valuetext", dayText(model.days.at(-1), model.currency));
  if (document.activeElement !== scrub) hideDay();
}

function showTiles() {
  const shown = COLUMNS.filter(({ key }) => TILES.includes(key));
  const texts = shown.map((column) => column.text(model.totals[column.key], model.currency));
  refill(byId("tiles"), [model.isSoFar, ...texts].join(), () => shown.map((column, index) =>
    h("div", null, h("dt", null, soFar(titleOf(column))), h("dd", null, texts[index]))));
}

/** A total over days of which some are not here says so. */
const soFar = (title) => (model.isSoFar ? say("report.so_far", { title }) : title);

function showCompleteness() {
  const summary = summarise(model.days);
  const coverage = sentence(summary);
  const progress = byId("progress");
  progress.max = summary.total;
  progress.value = summary.total - summary.missing;
  show(progress, !summary.settled);
  byId("coverage").textContent = coverage + (summary.settled ? "" : " …");
  byId("so-far").textContent = say("report.so_far_note", { coverage });
  show(byId("so-far"), summary.isSoFar);
  show(byId("key-provisional"), summary.provisional > 0);
  show(byId("key-missing"), summary.missing > 0);
  show(byId("key-failed"), summary.partial + summary.failed + summary.notPermitted + summary.notOffered > 0);
  byId("zone").textContent = say("chart.zone", { zone: model.zone });
}

function dayRows() {
  return model.days.toReversed().map((day) => h("tr", { class: day.status },
    h("th", { scope: "row" }, rowDay(day.day)),
    h("td", { class: "n" }, spendOf(day)), h("td", { class: "n" }, conversionsOf(day)), h("td", null, dayState(day))));
}

const spendOf = ({ status, spend }) => (hasRows(status) && spend !== null ? money(spend, model.currency) : "–");
const conversionsOf = ({ status, conversions }) => (hasRows(status) && conversions !== null ? count(conversions) : "–");

function showDay(index) {
  if (!model || !chart) return;
  const day = model.days[index];
  chart.mark(index);
  tip.replaceChildren(
    h("strong", null, longDay(day.day)),
    ...(hasRows(day.status) ? [
      h("span", null, h("i", { class: "key key-spend" }), say("metric.spend"), " ", spendOf(day)),
      h("span", null, h("i", { class: "key key-conversions" }), say("metric.conversions"), " ", conversionsOf(day)),
    ] : []),
    h("em", null, dayState(day)));
  show(tip, true);
  const middle = chart.middle(index);
  const room = plot.clientWidth - tip.offsetWidth;
  const wanted = middle > plot.clientWidth / 2 ? middle - tip.offsetWidth - 14 : middle + 14;
  tip.style.left = `${Math.max(0, Math.min(room, wanted))}px`;
}

function hideDay() {
  chart?.mark(null);
  show(tip, false);
}

plot.addEventListener("pointermove", (event) => {
  if (chart) showDay(chart.indexAt(event.clientX - plot.getBoundingClientRect().left));
});
plot.addEventListener("pointerleave", hideDay);
scrub.addEventListener("input", () => {
  if (!model) return;
  scrub.setAttribute("aria-valuetext", dayText(model.days[scrub.value], model.currency));
  showDay(Number(scrub.value));
});
scrub.addEventListener("focus", () => scrub.matches(":focus-visible") && showDay(Number(scrub.value)));
scrub.addEventListener("blur", hideDay);
new ResizeObserver(() => redraw()).observe(plot);
