// The receipt as a document to read: which places were counted at zero, and what expires by when.

import { dateTime } from "./days.js";
import { download, h } from "./dom.js";

const TABLES = {
  directory: "Directory: settings, hashes of keys",
  connections: "Connections: accounts, states, sync marks, fingerprints",
  vault: "Vault: wrapped keys, sealed tokens",
  reports: "Reports: sealed figures and names",
  activity: "Activity log",
  transient: "Sessions, codes, frontend tokens",
  ledger: "Ledger",
};
const REVOKED = {
  killed: "The platform confirmed that the access has ended.",
  refused: "The platform refused to end the access.",
  impossible: "The access could not be ended from here.",
  unreachable: "It could not be ended from here in the allowed tries.",
};

/** Makes the document of a receipt: its data, and the exact text to download. */
export function receipt({ data, text }) {
  const { revocation } = data;
  return h("section", { class: "receipt", "aria-label": "Receipt" },
    h("h4", null, "Receipt"),
    h("p", null, `Verified on ${dateTime(data.verified_at)}. `, REVOKED[revocation?.outcome] ?? ""),
    revocation?.settings_url ? h("p", null, h("a", { href: revocation.settings_url, rel: "noreferrer" }, "End it in the platform's settings")) : null,
    h("div", { class: "columns" }, counted(data), expiring(data)),
    exceptions(data),
    keys(data),
    h("button", { type: "button", onclick: () => download(`receipt-${data.deletion_id}.json`, "application/json", text) }, "Download JSON"));
}

function counted({ held, counted: tables }) {
  const items = new Map(held.items.map(({ table, count }) => [table, count]));
  return h("div", null, h("h5", null, "Counted at zero"),
    h("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": "Counted at zero" },
      h("table", null,
        h("thead", null, h("tr", null, ["Where", "Deleted", "Places", "Left"].map((title, index) => h("th", { scope: "col", class: index ? "n" : null }, title)))),
        h("tbody", null, tables.map(({ table, places, count }) => h("tr", null,
          h("th", { scope: "row" }, TABLES[table] ?? table),
          [items.get(table) ?? 0, places, count].map((number) => h("td", { class: "n" }, String(number)))))))));
}

function expiring({ expires }) {
  return h("div", null, h("h5", null, "Cannot be counted, expires by itself"),
    h("ul", { class: "plain" }, expires.map(({ place, holds, by }) => h("li", null,
      h("strong", null, `By ${dateTime(by)}`), h("br"), place, h("span", { class: "soft" }, ` (${holds})`)))));
}

function exceptions(data) {
  if (data.exceptions.length === 0) return null;
  return h("div", null, h("h5", null, "Kept, because the law says so"),
    h("ul", { class: "plain" }, data.exceptions.map(({ what, legal_ground, until }) => h("li", null, `${what}: ${legal_ground}, until ${dateTime(until)}`))));
}

function keys({ held }) {
  if (held.key_ids.length === 0) return null;
  return h("details", null, h("summary", null, `Data keys destroyed: ${held.key_ids.length}`),
    h("ul", { class: "keys" }, held.key_ids.map((id) => h("li", null, h("code", null, id)))));
}
