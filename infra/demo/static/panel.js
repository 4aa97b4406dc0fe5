// The report's panel: tiles, completeness, the chart with its pointer and keys, and the same figures as a table.

import { dayText, draw } from "./chart.js";
import { dayState, hasRows, sentence, summarise } from "./completeness.js";
import { longDay } from "./days.js";
import { byId, h, refill, show } from "./dom.js";
import { count, money } from "./money.js";
import { COLUMNS } from "./columns.js";

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
  refill(byId("tiles"), texts.join(), () => shown.map((column, index) =>
    h("div", null, h("dt", null, column.title), h("dd", null, texts[index]))));
}

function showCompleteness() {
  const summary = summarise(model.days);
  const progress = byId("progress");
  progress.max = summary.total;
  progress.value = summary.total - summary.missing;
  show(progress, !summary.settled);
  byId("coverage").textContent = sentence(summary) + (summary.settled ? "" : " …");
  show(byId("key-failed"), summary.partial + summary.failed + summary.notPermitted > 0);
  byId("zone").textContent = `Days of ${model.zone}`;
}

function dayRows() {
  return model.days.toReversed().map((day) => h("tr", null,
    h("th", { scope: "row" }, longDay(day.day)),
    h("td", { class: "n" }, hasRows(day.status) && day.spend !== null ? money(day.spend, model.currency) : "–"),
    h("td", { class: "n" }, hasRows(day.status) && day.conversions !== null ? count(day.conversions) : "–"),
    h("td", null, dayState(day))));
}

function showDay(index) {
  if (!model || !chart) return;
  const day = model.days[index];
  chart.mark(index);
  tip.replaceChildren(
    h("strong", null, longDay(day.day)),
    ...(hasRows(day.status) ? [
      h("span", null, h("i", { class: "key key-spend" }), `Spend ${day.spend === null ? "–" : money(day.spend, model.currency)}`),
      h("span", null, h("i", { class: "key key-conversions" }), `Conversions ${day.conversions === null ? "–" : count(day.conversions)}`),
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
