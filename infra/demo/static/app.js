// The page: who is visiting, what is connected, what to show, and when to ask again.

import { call, fetchAs, openSession, Problem, switchPerson } from "./api.js";
import { byName, clearAccounts, confirmEnd, isLive, pickAccount, showAccounts } from "./accounts.js";
import { clearCampaigns, showCampaigns } from "./campaigns.js";
import { drawVoid } from "./chart.js";
import { now, skip, speed, synchronise } from "./clock.js";
import { clockTime } from "./days.js";
import { isDone, isOneAccount, showDeletions, tick } from "./deletions.js";
import { byId, download, h, show } from "./dom.js";
import { parseExact } from "./money.js";
import { clearReport, showReport } from "./panel.js";
import { chartQuery, loadCsv, loadReport, periodOf } from "./report.js";
import { deletionIds, forgetDeletion, rememberDeletion } from "./store.js";

const FAST = 1_500;
const SLOW = 30_000;
const FRESH = 120_000;
const PROBLEMS = {
  declined: "You did not give access, so nothing was connected.",
  cancelled: "You cancelled, so nothing was connected.",
  no_accounts: "The access that you gave reaches no account that can be connected. Start again and pick one.",
  scope_missing: "A permission that is needed was left out. Start again and leave the needed ones ticked.",
  expired: "That took too long, so nothing was connected. Start again.",
  used: "This link was used before. Start again.",
  other_identity: "You signed in at the platform as somebody else than before. Nothing was changed; start again.",
  not_live: "The connection has ended in the meantime. Connect anew.",
  too_many_accounts: "The access reaches too many accounts. Start again and pick fewer.",
  setup: "Something has to be put right on the product's side first. It is not your fault; try later.",
  failed: "Something failed on the way, so nothing was connected. Try again in a few minutes.",
  no_session: "This browser has no session here. Please connect again.",
  api_unreachable: "The API could not be reached.",
};

const state = { session: null, connection: null, account: null, chosen: null, model: null, proof: null, deletions: new Map(), receipts: new Map() };
let timer = null;
let generation = 0;

async function start() {
  state.session = await openSession();
  fillSession();
  tellReturn();
  await synchronise();
  await refresh();
  setInterval(tick, 500);
}

function fillSession() {
  const { person, people, api_origin, mailbox_url } = state.session;
  byId("person").replaceChildren(...people.map(({ key, name }) => h("option", { value: key, selected: key === person.key }, name)));
  byId("email").value = person.email;
  byId("by-mail").href = `${api_origin}/deletion-requests`;
  byId("mailbox").href = mailbox_url;
}

/** Says how the way back from the connect flow ended, once. */
function tellReturn() {
  const parameters = new URLSearchParams(location.search);
  const problem = parameters.get("problem");
  if (problem) tellProblem(PROBLEMS[problem] ?? `Nothing was connected (${problem.replaceAll("_", " ")}).`);
  if (parameters.has("connected")) announce("TikTok Ads is connected. The first figures are on their way.");
  if (parameters.has("renewed")) announce("The access was renewed.");
  if (location.search) history.replaceState(null, "", "/");
}

/** Asks everything again and plans the next time. */
async function refresh() {
  const mine = ++generation;
  clearTimeout(timer);
  let wait = SLOW;
  try {
    await loadConnection();
    await loadDeletions();
    // Without figures the accounts and deletions are still worth showing.
    const figures = await loadFigures().then(() => null, (problem) => problem);
    if (mine !== generation) return;
    render();
    if (figures) throw figures;
    wait = nextWait();
    show(byId("alert"), byId("alert").dataset.passing !== "yes" && !byId("alert").hidden);
  } catch (problem) {
    if (mine !== generation) return;
    tellProblem(wordsOf(problem), true);
    // The API counts in its own seconds.
    wait = Math.max(FAST, ((problem.retryAfter ?? 3) * 1000) / speed());
  }
  timer = setTimeout(refresh, wait);
}

function nextWait() {
  const open = [...state.deletions.values()].filter((deletion) => !isDone(deletion));
  const waits = open.map((deletion) => (isFresh(deletion) ? 0 : (Date.parse(deletion.next_step_at) - now()) / speed() / 3));
  if (state.connection && state.model && !state.model.settled) waits.push(0);
  return Math.min(SLOW, Math.max(FAST, Math.min(...waits)));
}

/** The first steps follow each other at once, so a time that the page shows before one of them is soon another. */
const isFresh = ({ t0 }) => now() - Date.parse(t0) < FRESH;

async function loadConnection() {
  const { connections } = await call("GET", "/v1/connections");
  for (const { deletion_id } of connections) if (deletion_id) remember(deletion_id);
  const live = connections.filter(isLive).at(-1);
  state.connection = live ? await call("GET", `/v1/connections/${live.id}`) : null;
  state.connection?.accounts.sort(byName);
  const account = live ? pickAccount(state.connection, state.chosen) : null;
  state.account = account && { ...account, connection_id: live.id };
}

async function loadDeletions() {
  const ids = deletionIds(state.session.end_user);
  if (ids.some((id) => !isDone(state.deletions.get(id) ?? {}))) await synchronise();
  await Promise.all(ids.map(loadDeletion));
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

async function loadFigures() {
  const { account } = state;
  state.model = account ? await loadReport(account, period()) : null;
}

function period() {
  return periodOf(state.account, Number(document.querySelector("[name=period]:checked").value), now());
}

function render() {
  const { connection, account, model, deletions } = state;
  const cut = deletionIds(state.session.end_user).map((id) => deletions.get(id)).find((deletion) => deletion && !isOneAccount(deletion));
  show(byId("loading"), false);
  show(byId("report"), Boolean(model));
  show(byId("connection"), Boolean(connection));
  show(byId("dark"), !connection && Boolean(cut));
  show(byId("empty"), !connection && !cut);
  if (model) {
    showReport(model);
    showCampaigns(model);
  } else {
    clearReport();
    clearCampaigns();
  }
  show(byId("renew"), connection?.state === "needs_reauth");
  if (connection) showAccounts(connection, disconnectAccount);
  else clearAccounts();
  if (!connection && cut) renderDark(cut);
  const entries = deletionIds(state.session.end_user).map((id) => ({ deletion: deletions.get(id), proof: state.receipts.get(id) }));
  const known = entries.filter(({ deletion }) => deletion);
  showDeletions(known, { onForget: forget, onSkip: state.session.can_skip ? skipWait : null });
}

/** Shows the chart as dark: since when, and the API's answer to the very request that drew the chart. */
function renderDark(cut) {
  byId("dark-title").textContent = `Nothing is readable any more since ${clockTime(cut.t0)}`;
  byId("dark-proof").textContent = state.proof
    ? `The request that drew the chart, sent once more, was answered: ${state.proof}.`
    : "Names, figures and tokens are noise, whatever still lies on a disk.";
  drawVoid(document.querySelector("#dark .void"));
}

function remember(id) {
  rememberDeletion(state.session.end_user, id);
}

function forget(id) {
  forgetDeletion(state.session.end_user, id);
  state.deletions.delete(id);
  render();
  byId("main").focus();
}

/** Starts the connect flow; a connection that is given is authorised again and keeps its figures. */
async function connect(event, again = {}) {
  event.preventDefault();
  const { end_user, return_url, api_origin } = state.session;
  await attempt(async () => {
    const { url } = await call("POST", "/v1/connect-sessions",
      { end_user, platform: "tiktok_ads", return_url, end_user_email: byId("email").value, ...again });
    if (!url.startsWith(`${api_origin}/`)) throw new Error("The API named a page elsewhere.");
    location.assign(url);
  });
}

async function disconnectAccount(account) {
  const last = state.connection.accounts.filter(isLive).length === 1;
  const sure = await confirmEnd({
    title: `Disconnect ${account.name}?`,
    text: last ? "It is the last account, so that the whole connection ends." : "The other accounts stay connected.",
    points: ["Its figures and names become unreadable at once.", "They are deleted and counted; you get a receipt.", "This cannot be undone."],
    yes: "Disconnect this account",
  });
  if (sure) await end(`/v1/connections/${state.connection.id}/accounts/${account.id}`);
}

async function disconnectAll() {
  const sure = await confirmEnd({
    title: "Disconnect TikTok Ads?",
    text: "Everything that came from TikTok ends with it.",
    points: ["The chart goes dark at once, for all accounts.", "The access is ended at TikTok.", "Everything is deleted and counted; you get a receipt with every date.", "This cannot be undone."],
    yes: "Disconnect and delete",
  });
  if (sure) await end(`/v1/connections/${state.connection.id}`);
}

/** Disconnects; forgets at once what is on the page, and asks the API once more for what the page drew. */
async function end(path) {
  const again = chartQuery(state.account, period());
  await attempt(async () => {
    const deletion = await call("DELETE", path);
    remember(deletion.id);
    state.deletions.set(deletion.id, deletion);
    announce(`Nothing is readable any more since ${clockTime(deletion.t0)}.`);
    if (!isOneAccount(deletion)) {
      Object.assign(state, { connection: null, account: null, model: null, chosen: null, proof: null });
      render();
      state.proof = await refusalOf(again);
    }
    await refresh();
  });
}

/** Moves the stack's clock to a deletion's next step. */
async function skipWait(until) {
  await attempt(async () => {
    await skip(until);
    announce("The clock of this stack has moved on.");
    await refresh();
  });
}

/** Asks for the report that the page drew; the answer has to be a refusal. */
async function refusalOf(path) {
  try {
    await call("GET", path);
    return null;
  } catch (problem) {
    return problem instanceof Problem ? `${problem.status} ${problem.code.replaceAll("_", " ")}` : null;
  }
}

/** Runs what a person asked for and says what went wrong. */
async function attempt(run) {
  show(byId("alert"), false);
  try {
    await run();
  } catch (problem) {
    tellProblem(wordsOf(problem));
  }
}

function wordsOf(problem) {
  if (!(problem instanceof Problem)) {
    console.error(problem);
    return "The API could not be reached. Trying again.";
  }
  return problem.requestId ? `${problem.message} (request ${problem.requestId})` : problem.message;
}

function tellProblem(text, passing = false) {
  byId("alert").textContent = text;
  byId("alert").dataset.passing = passing ? "yes" : "no";
  show(byId("alert"), true);
}

function announce(text) {
  byId("status").textContent = text;
}

byId("connect").addEventListener("submit", connect);
byId("again").addEventListener("submit", connect);
byId("renew").addEventListener("submit", (event) => connect(event, { connection_id: state.connection.id }));
byId("disconnect").addEventListener("click", disconnectAll);
byId("period").addEventListener("change", () => attempt(refresh));
byId("account").addEventListener("change", () => {
  state.chosen = byId("account").value;
  attempt(refresh);
});
byId("person").addEventListener("change", () => attempt(async () => {
  await switchPerson(byId("person").value);
  location.assign("/");
}));
byId("csv").addEventListener("click", () => attempt(async () => {
  const { from, to } = period();
  download(`tiktok-ads-${from}-${to}.csv`, "text/csv", await loadCsv(state.account, period()));
}));
document.addEventListener("visibilitychange", () => document.hidden || refresh());

start().catch((problem) => {
  show(byId("loading"), false);
  tellProblem(wordsOf(problem));
});
