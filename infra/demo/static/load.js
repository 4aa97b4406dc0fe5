// Asks the API for everything that the page shows: connections first, then deletions and figures at the same time.

import { isLive, byName, pickAccount } from "./accounts.js";
import { call, callAll, fetchAs } from "./api.js";
import { now, synchronise } from "./clock.js";
import { isDone } from "./deletions.js";
import { parseExact } from "./money.js";
import { loadReport, periodOf } from "./report.js";
import { deletionIds, forgetDeletion, rememberDeletion } from "./store.js";

/** All that the page knows. */
export const state = { session: null, connection: null, account: null, chosen: null, model: null, proof: null, deletions: new Map(), receipts: new Map() };

/** Finds the visitor's connection, beginning with a first page of the list that the session brought, if it did. */
export async function findConnection(first) {
  const { connections } = await callAll("/v1/connections", "connections", first);
  for (const { deletion_id } of connections) if (deletion_id) remember(deletion_id);
  return connections.filter(isLive).at(-1) ?? null;
}

/** Takes a connection as the one of the page, with the account that the visitor chose. */
export function takeConnection(connection) {
  connection?.accounts.sort(byName);
  const account = connection && pickAccount(connection, state.chosen);
  Object.assign(state, { connection, account: account && { ...account, connection_id: connection.id } });
}

/** Asks for the deletions that this browser remembers. */
export async function loadDeletions() {
  const ids = deletionIds(state.session.end_user);
  const isAnyOpen = ids.some((id) => !isDone(state.deletions.get(id) ?? {}));
  await Promise.all([isAnyOpen ? synchronise() : null, ...ids.map(loadDeletion)]);
  for (const id of [...state.deletions.keys()]) if (!ids.includes(id)) state.deletions.delete(id);
}

async function loadDeletion(id) {
  if (state.receipts.has(id)) return;
  try {
    const deletion = await call("GET", `/v1/deletions/${id}`);
    state.deletions.set(id, deletion);
    if (!isDone(deletion)) return;
    const text = await (await fetchAs(`/v1/deletions/${id}/receipt`, "application/json")).text();
    state.receipts.set(id, { data: parseExact(text), text });
  } catch (problem) {
    if (problem.status !== 404) throw problem;
    forgetDeletion(state.session.end_user, id);
  }
}

/** Asks for the figures of the chosen account and period. */
export async function loadFigures() {
  const { account } = state;
  return account ? loadReport(account, period()) : null;
}

/** Returns the chosen period in the account's days. */
export function period() {
  return periodOf(state.account, Number(document.querySelector("[name=period]:checked").value), now());
}

/** Returns the account and the period of which figures are loaded or wanted, to compare the two. */
export const wantedFigures = () => (state.account ? [state.account.id, ...Object.values(period())].join() : "");

/** Remembers a deletion of this person. */
export const remember = (id) => rememberDeletion(state.session.end_user, id);
