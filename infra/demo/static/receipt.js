// The receipt as a document to read: which places were counted at zero, and what expires by when.

import { dateTime } from "./days.js";
import { download, h } from "./dom.js";
import { count } from "./money.js";
import { plain } from "./names.js";
import { scrolling } from "./scrolling.js";
import { hasText, say, sayWord } from "./texts.js";

/** Makes the document of a receipt: its data, and the exact text to download. */
export function receipt({ data, text }) {
  const { revocation } = data;
  return h("section", { class: "receipt", "aria-label": say("receipt.title") },
    h("h4", null, say("receipt.title")),
    h("p", null, say("receipt.verified", { when: dateTime(data.verified_at) }), " ", revocation?.outcome ? sayWord("revoked", revocation.outcome) : null),
    revocation?.settings_url ? h("p", null, h("a", { href: revocation.settings_url, rel: "noreferrer" }, say("receipt.settings"))) : null,
    h("div", { class: "columns" }, counted(data), expiring(data)),
    exceptions(data),
    keys(data),
    h("button", { type: "button", onclick: () => download(`receipt-${data.deletion_id}.json`, "application/json", text) }, say("receipt.download")));
}

function counted({ held, counted: tables }) {
  const items = new Map(held.items.map((item) => [item.table, item.count]));
  const titles = ["where", "deleted", "places", "left"].map((word) => say(`receipt.${word}`));
  return h("div", null, h("h5", null, say("receipt.counted")),
    scrolling({ "aria-label": say("receipt.counted") },
      h("table", null,
        h("thead", null, h("tr", null, titles.map((title, index) => h("th", { scope: "col", class: index ? "n" : null }, title)))),
        h("tbody", null, tables.map(({ table, places, count: left }) => h("tr", null,
          h("th", { scope: "row" }, sayWord("table", table)),
          [items.get(table) ?? 0, places, left].map((number) => h("td", { class: "n" }, count(number)))))))));
}

function expiring({ expires }) {
  return h("div", null, h("h5", null, say("receipt.expires")),
    h("ul", { class: "plain" }, expires.map(({ place, holds, by }) => h("li", null,
      h("strong", null, say("receipt.by", { when: dateTime(by) })), h("br"), residue(place, holds)))));
}

/** Names a place and what it holds in the visitor's language. A place that the page does not know stays as the receipt says it. */
function residue(place, holds) {
  const word = place.toLowerCase().replace(/[^a-z]+/g, "_");
  const isKnown = hasText(`residue.${word}`);
  return h("span", { lang: isKnown ? null : "en" }, isKnown ? say(`residue.${word}`) : plain(place),
    h("span", { class: "soft" }, ` (${isKnown ? say(`residue_holds.${word}`) : plain(holds)})`));
}

function exceptions(data) {
  if (data.exceptions.length === 0) return null;
  return h("div", null, h("h5", null, say("receipt.kept")),
    h("ul", { class: "plain" }, data.exceptions.map(({ what, legal_ground: ground, until }) =>
      h("li", null, say("receipt.kept_item", { what, ground, when: dateTime(until) })))));
}

function keys({ held }) {
  if (held.key_ids.length === 0) return null;
  return h("details", null, h("summary", null, say("receipt.keys", { count: held.key_ids.length })),
    h("ul", { class: "keys" }, held.key_ids.map((id) => h("li", null, h("code", null, id)))));
}
