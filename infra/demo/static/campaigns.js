// The table of campaigns: sorted by any column, ratios and totals as the API computed them.

import { COLUMNS, comparable, compare, fullTitleOf, titleOf } from "./columns.js";
import { byId, h, refill, show } from "./dom.js";
import { nameOf } from "./names.js";
import { say } from "./texts.js";

const FIRST = 12;
const table = byId("campaigns");
const order = { key: "spend", descending: true };

let model = null;
let isWhole = false;

/** Shows the campaigns of a report. */
export function showCampaigns(next) {
  model = next;
  const number = model.campaigns.length;
  byId("campaigns-note").textContent = say(model.isSoFar ? "campaigns.number_so_far" : "campaigns.number", { count: number });
  show(byId("more"), number > FIRST);
  byId("more").textContent = isWhole ? say("campaigns.show_fewer") : say("campaigns.show_all", { count: number });
  refill(table.tHead.rows[0], JSON.stringify(order), headers);
  refill(table.tBodies[0], bodyKey(), body);
  refill(table.tFoot, `${model.isSoFar}${model.campaignTotalsText}`, foot);
}

/** Forgets everything that was shown. */
export function clearCampaigns() {
  model = null;
  for (const part of [table.tBodies[0], table.tFoot]) {
    delete part.dataset.key;
    part.replaceChildren();
  }
}

const bodyKey = () => [isWhole, JSON.stringify(order), model.account, model.campaignsText].join();

function headers() {
  const head = (key, title, full, name) => {
    const mine = order.key === key;
    const sort = mine ? (order.descending ? "descending" : "ascending") : "none";
    return h("th", { scope: "col", class: name, "aria-sort": sort },
      h("button", { type: "button", title: full, "data-sort": key, onclick: () => sortBy(key) }, title, h("span", { class: "arrow", "aria-hidden": "true" })));
  };
  return [head("name", say("campaigns.name"), null, null), ...COLUMNS.map((column) => head(column.key, titleOf(column), fullTitleOf(column), "n"))];
}

function sortBy(key) {
  order.descending = order.key === key ? !order.descending : key !== "name";
  order.key = key;
  if (!model) return;
  showCampaigns(model);
  table.querySelector(`[data-sort="${key}"]`).focus();
}

function sorted() {
  const value = ({ entity, metrics }) => (order.key === "name" ? (entity?.name ?? "").toLocaleLowerCase() : comparable(metrics[order.key]));
  return model.campaigns.toSorted((left, right) => compare(value(left), value(right), order.descending));
}

function body() {
  const rows = sorted();
  const most = rows.reduce((max, { metrics }) => Math.max(max, Number(comparable(metrics.spend) ?? 0)), 0);
  return (isWhole ? rows : rows.slice(0, FIRST)).map(({ entity, metrics }) => h("tr", null,
    h("th", { scope: "row" }, h("span", { class: "name" }, called(entity)), chip(entity?.status)),
    COLUMNS.map(({ key, text }) => h("td", { class: "n" }, text(metrics[key], model.currency), key === "spend" ? share(metrics.spend, most) : null))));
}

/** A campaign is called by its name; while that is not known, by words and its id. */
function called(entity) {
  if (entity?.name) return nameOf(entity.name);
  return [say("campaigns.unnamed"), entity?.id ? [" ", h("code", null, nameOf(entity.id))] : null];
}

function foot() {
  const title = say("campaigns.all");
  return [h("tr", null, h("th", { scope: "row" }, model.isSoFar ? say("report.so_far", { title }) : title),
    COLUMNS.map(({ key, text }) => h("td", { class: "n" }, text(model.campaignTotals?.[key], model.currency))))];
}

const WORDS = { enable: "campaigns.on", disable: "campaigns.off" };

/** A status in the platform's word, made readable; its colour says only whether it runs. */
function chip(status) {
  if (!status) return null;
  const words = status.replace(/^(CAMPAIGN_)?STATUS_/, "").replaceAll("_", " ").toLowerCase();
  const runs = /^(enable|delivery ok|active)/.test(words);
  return h("span", { class: runs ? "chip on" : "chip", title: status }, words in WORDS ? say(WORDS[words]) : words);
}

/** A thin bar that compares spends at a glance. */
function share(spend, most) {
  const bar = h("span", { class: "share", "aria-hidden": "true" });
  bar.style.inlineSize = `${most > 0 ? (Number(comparable(spend) ?? 0) / most) * 100 : 0}%`;
  return bar;
}

byId("more").addEventListener("click", () => {
  isWhole = !isWhole;
  if (model) showCampaigns(model);
});
