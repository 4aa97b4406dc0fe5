// The connected ad accounts, and the two ways to disconnect: one account, or all of them.

import { byId, h, refill } from "./dom.js";
import { dateTime } from "./days.js";
import { isolated, nameOf } from "./names.js";
import { locale, say, sayWord } from "./texts.js";

/** Returns whether an account or a connection can still be read. */
export const isLive = ({ state }) => state !== "purging" && state !== "pending";

/** Orders accounts by name; those without one, because they are being deleted, come last. */
export const byName = (left, right) =>
  (left.name === null) - (right.name === null) || (left.name ?? left.id).localeCompare(right.name ?? right.id, locale());

/** Shows the accounts of a connection. */
export function showAccounts(connection, onDisconnect) {
  byId("connection-note").textContent = say("connection.note", { when: dateTime(connection.created_at) });
  const key = connection.accounts.map((account) => [account.id, account.state, account.last_synced_at].join()).join(";");
  refill(byId("accounts"), key, () => connection.accounts.map((account) => item(account, onDisconnect)));
}

function item(account, onDisconnect) {
  return h("li", { "data-account": account.id },
    h("div", { class: "about" },
      h("strong", null, account.name === null ? say("account.unreadable") : nameOf(account.name)),
      h("span", { class: account.state === "active" ? "chip on" : "chip" }, sayWord("account", account.state)),
      h("span", { class: "soft" }, [account.time_zone, account.currency].filter(Boolean).join(" · ")),
      isLive(account) ? h("span", { class: "soft" }, syncedText(account)) : null),
    isLive(account) ? endButton(account, onDisconnect) : null);
}

function syncedText({ last_synced_at: at }) {
  return at ? h("time", { datetime: at }, say("account.synced", { when: dateTime(at) })) : say("account.first");
}

function endButton(account, onDisconnect) {
  const label = say("account.disconnect_name", { name: isolated(account.name) });
  return h("button", { type: "button", class: "quiet", "aria-label": label, onclick: () => onDisconnect(account) }, say("account.disconnect"));
}

/** Fills the picker with the accounts that can be read; returns the chosen one. */
export function pickAccount(connection, chosen) {
  const live = connection.accounts.filter(isLive);
  const picker = byId("account");
  const key = live.map(({ id, name }) => id + name).join();
  refill(picker, key, () => live.map(({ id, name, currency }) =>
    h("option", { value: id }, say("report.account_option", { name: isolated(name), currency }))));
  const account = live.find(({ id }) => id === chosen) ?? live[0] ?? null;
  if (account) picker.value = account.id;
  return account;
}

/** Forgets every name that was shown. */
export function clearAccounts() {
  for (const element of [byId("accounts"), byId("account")]) {
    delete element.dataset.key;
    element.replaceChildren();
  }
}

/** Asks before something ends; resolves to true only for the clear yes. */
export function confirmEnd({ title, text, points, yes }) {
  const dialog = byId("confirm");
  byId("confirm-title").textContent = title;
  byId("confirm-text").textContent = text;
  byId("confirm-list").replaceChildren(...points.map((point) => h("li", null, point)));
  dialog.querySelector("[value=yes]").textContent = yes;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
