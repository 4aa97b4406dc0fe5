// The receipt as a document to read: what was counted at zero, and what expires by when.

import { dateTime } from "./days.js";
import { download, h } from "./dom.js";

const TABLES = {
  directory: "Directory: e-mail fingerprints, registered names",
  connections: "Connections: accounts, states, sync marks",
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
  unreachable: "The platform could not be reached in the allowed tries.",
};

/** Makes the document of a receipt: its data, and the exact text to download. */
export function receipt({ data, text }) {
  return h("section", { class: "receipt", "aria-label": "Receipt" },
    h("h4", null, "Receipt"),
    h("p", null, `Verified on ${dateTime(data.verified_at ?? data.deletion?.verified_at)}. `, REVOKED[revokeOf(data)] ?? ""),
    data.settings_url ? h("p", null, h("a", { href: data.settings_url, rel: "noreferrer" }, "End it in the platform's settings")) : null,
    h("div", { class: "columns" }, counted(data), expiring(data)),
    keys(data),
    h("button", { type: "button", onclick: () => download(`receipt-${data.id ?? data.deletion_id ?? "deletion"}.json`, "application/json", text) }, "Download JSON"));
}

const revokeOf = (data) => data.revoke?.outcome ?? data.revoke ?? data.revoked ?? data.deletion?.revoke ?? null;

/** Pairs of names and numbers, whether the API sends a map or a list. */
export function pairs(counts) {
  if (!Array.isArray(counts)) return Object.entries(counts ?? {});
  return counts.map((entry) => [entry.table ?? entry.place, entry.items ?? entry.count ?? entry.places]);
}

function counted(data) {
  const held = new Map(pairs(data.held));
  const places = new Map(pairs(data.counted_at_zero ?? data.counted));
  const tables = [...new Set([...held.keys(), ...places.keys()])];
  return h("div", null, h("h5", null, "Counted at zero"),
    h("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": "Counted at zero" },
      h("table", null,
        h("thead", null, h("tr", null, h("th", { scope: "col" }, "Where"), h("th", { scope: "col", class: "n" }, "Items deleted"), h("th", { scope: "col", class: "n" }, "Left"))),
        h("tbody", null, tables.map((table) => h("tr", null,
          h("th", { scope: "row" }, TABLES[table] ?? table),
          h("td", { class: "n" }, String(held.get(table) ?? 0)),
          h("td", { class: "n" }, "0")))))));
}

function expiring(data) {
  const residues = data.expires ?? data.expires_by ?? data.residues ?? [];
  return h("div", null, h("h5", null, "Cannot be counted, expires by itself"),
    h("ul", { class: "plain" }, residues.map(({ place, holds, by }) => h("li", null,
      h("strong", null, `By ${dateTime(by)}`), h("br"), place, holds ? h("span", { class: "soft" }, ` (${holds})`) : null))));
}

function keys(data) {
  const ids = data.keys_destroyed ?? data.keys ?? [];
  if (ids.length === 0) return null;
  return h("details", null, h("summary", null, `${ids.length} data keys destroyed`),
    h("ul", { class: "keys" }, ids.map((id) => h("li", null, h("code", null, id)))));
}
