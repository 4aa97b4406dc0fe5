// The page: who is visiting, what is connected, what to show, and when to ask again.

import { call, useApi } from "./api.js";
import { clearAccounts, confirmEnd, isLive, showAccounts } from "./accounts.js";
import { clearCampaigns, showCampaigns } from "./campaigns.js";
import { drawVoid } from "./chart.js";
import { now, skip, speed, useTime } from "./clock.js";
import { connect } from "./connect.js";
import { finish } from "./connecting.js";
import { clockTime, shortDay } from "./days.js";
import { isDone, isOneAccount, showDeletions, tick } from "./deletions.js";
import { byId, download, h, show } from "./dom.js";
import { findConnection, loadDeletions, loadFigures, period, remember, state, takeConnection, wantedFigures } from "./load.js";
import { isolated } from "./names.js";
import { clearReport, showReport } from "./panel.js";
import { chartQuery, loadCsv } from "./report.js";
import { watchAll } from "./scrolling.js";
import { openSession, Problem, switchLanguage, switchPerson } from "./server.js";
import { deletionIds, forgetDeletion } from "./store.js";
import { showSync } from "./sync.js";
import { announce, hideProblem, passProblem, tellFigures, tellLoading, tellProblem, wordsOf } from "./tell.js";
import { hasText, platformWord, say } from "./texts.js";

const FAST = 1_500;
const SLOW = 30_000;
const FRESH = 120_000;
let timer = null;
let generation = 0;

/** Opens the session, which brings the token and the connections where the browser lets it. */
async function start() {
  try {
    state.session = await openSession();
  } catch (problem) {
    later(problem, wordsOf(problem));
    return;
  }
  const { api_origin, first } = state.session;
  useTime(Date.parse(state.session.now));
  useApi(api_origin, first?.token);
  fillSession();
  tellEnd(Object.fromEntries(new URLSearchParams(location.search)));
  if (location.search) history.replaceState(null, "", "/");
  if (!first) tellLoading(say("loading.connections"));
  setInterval(tick, 500);
  await refresh(first?.connections);
}

function fillSession() {
  const { person, people } = state.session;
  byId("person").replaceChildren(...people.map(({ key, name }) => h("option", { value: key, selected: key === person.key }, name)));
  byId("email").value = person.email;
  show(byId("person").parentElement, true);
}

/** The form of the words that a flow may end with. The page shows no other words: anybody can write an address. */
const WORD = /^[a-z_]{1,48}$/;

/** Says how the connect flow ended, once. */
function tellEnd({ problem, connected, renewed }) {
  const word = problem && !WORD.test(problem) ? "incomplete_return" : problem;
  if (word) tellProblem(hasText(`return.${word}`) ? say(`return.${word}`) : say("return.other", { word: word.replaceAll("_", " ") }));
  if (connected !== undefined) announce(say("said.connected"));
  if (renewed !== undefined) announce(say("said.renewed"));
}

/** Asks everything again and plans the next time. */
async function refresh(first) {
  if (!state.session) return start();
  const mine = ++generation;
  clearTimeout(timer);
  let wait = SLOW;
  try {
    const found = await findConnection(first);
    if (mine !== generation) return;
    takeConnection(found);
    renderConnection();
    const [deletions, figures] = await Promise.allSettled([loadDeletions(), loadFigures()]);
    if (mine !== generation) return;
    takeFigures(figures);
    render();
    if (deletions.status === "rejected") throw deletions.reason;
    if (figures.status === "rejected") return later(figures.reason, say("problem.figures", { problem: wordsOf(figures.reason) }));
    wait = nextWait();
    passProblem();
  } catch (problem) {
    if (mine === generation) later(problem, wordsOf(problem));
    return;
  }
  timer = setTimeout(() => refresh(), wait);
}

/** Tells a problem that may pass, and tries again when the API wants to be asked again; it counts in its own seconds. */
function later(problem, text) {
  tellLoading(null);
  tellProblem(text, { isPassing: true, again: () => attempt(() => refresh()) });
  timer = setTimeout(() => refresh(), Math.max(FAST, ((problem.retryAfter ?? 3) * 1000) / speed()));
}

/** Takes figures. Those of another account or period never stay in the place of some that could not be loaded. */
function takeFigures({ status, value }) {
  const wanted = wantedFigures();
  if (status === "fulfilled") state.model = value && { ...value, wanted };
  else if (state.model?.wanted !== wanted) state.model = null;
}

function nextWait() {
  const open = [...state.deletions.values()].filter((deletion) => !isDone(deletion));
  const waits = open.map((deletion) => (isFresh(deletion) ? 0 : (Date.parse(deletion.next_step_at) - now()) / speed() / 3));
  if (state.connection && state.model && !state.model.settled) waits.push(0);
  return Math.min(SLOW, Math.max(FAST, Math.min(...waits)));
}

/** The first steps follow each other at once, so a time that the page shows before one of them is soon another. */
const isFresh = ({ t0 }) => now() - Date.parse(t0) < FRESH;

/** Shows what is connected while its figures are on their way. */
function renderConnection() {
  const { connection, account, model, session } = state;
  if (!connection && deletionIds(session.end_user).length > 0) return;
  tellLoading(null);
  show(byId("empty"), !connection);
  show(byId("connection"), Boolean(connection));
  show(byId("report"), Boolean(account));
  if (connection) showAccounts(connection, disconnectAccount);
  if (account && model?.wanted !== wantedFigures()) tellFigures(loadingText(account));
}

function loadingText(account) {
  const { from, to } = period();
  return say("loading.figures", { account: isolated(account.name), from: shortDay(from), to: shortDay(to) });
}

function render() {
  const { connection, account, model, deletions } = state;
  const cut = deletionIds(state.session.end_user).map((id) => deletions.get(id)).find((deletion) => deletion && !isOneAccount(deletion));
  tellLoading(null);
  tellFigures(null);
  show(byId("report"), Boolean(account));
  show(byId("figures"), Boolean(model));
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
  showSync(account?.sync);
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
  byId("dark-title").textContent = say("dark.title", { time: clockTime(cut.t0) });
  byId("dark-proof").textContent = state.proof ? say("dark.proof", { answer: state.proof }) : say("dark.noise");
  drawVoid(document.querySelector("#dark .void"));
}

function forget(id) {
  forgetDeletion(state.session.end_user, id);
  state.deletions.delete(id);
  render();
  byId("main").focus();
}

/** Starts the connect flow; a connection that is given is authorised again and keeps its figures. */
function begin(event, again = {}) {
  event.preventDefault();
  hideProblem();
  connect(() => sessionUrl(again), ended);
}

async function sessionUrl(again) {
  const { end_user, return_url, api_origin } = state.session;
  const locale = document.documentElement.lang;
  const asked = { end_user, platform: platformWord(), return_url, locale, end_user_email: byId("email").value, ...again };
  const { url } = await call("POST", "/v1/connect-sessions", asked);
  if (!url.startsWith(`${api_origin}/`)) throw new Error("The API named a page elsewhere.");
  return url;
}

/** Takes the end of the connect flow from its window. */
async function ended(how) {
  if (how.cause) return tellProblem(wordsOf(how.cause));
  await attempt(async () => {
    tellEnd(await finish(how));
    await refresh();
  });
}

async function disconnectAccount(account) {
  const { connection, again } = onPage();
  const last = connection.accounts.filter(isLive).length === 1;
  const sure = await confirmEnd({
    title: say("confirm.account", { name: isolated(account.name) }),
    text: say(last ? "confirm.account_last" : "confirm.account_others"),
    points: [say("confirm.account_unreadable"), say("confirm.account_deleted"), say("confirm.final")],
    yes: say("confirm.account_yes"),
  });
  if (sure) await end(`/v1/connections/${connection.id}/accounts/${account.id}`, again);
}

async function disconnectAll() {
  const { connection, again } = onPage();
  const sure = await confirmEnd({
    title: say("confirm.all"),
    text: say("confirm.all_text"),
    points: [say("confirm.all_dark"), say("confirm.all_access"), say("confirm.all_deleted"), say("confirm.final")],
    yes: say("confirm.all_yes"),
  });
  if (sure) await end(`/v1/connections/${connection.id}`, again);
}

/** Returns the connection that the page shows and the question that drew the chart. A person agrees to the end of these,
 * whatever the page finds while they think about it. */
function onPage() {
  return { connection: state.connection, again: state.account && chartQuery(state.account, period()) };
}

/** Disconnects; forgets at once what is on the page, and asks the API once more for what the page drew. */
async function end(path, again) {
  await attempt(async () => {
    const deletion = await call("DELETE", path);
    // An answer that is under way still has the connection.
    generation += 1;
    clearTimeout(timer);
    remember(deletion.id);
    state.deletions.set(deletion.id, deletion);
    announce(say("said.dark", { time: clockTime(deletion.t0) }));
    if (!isOneAccount(deletion)) {
      Object.assign(state, { connection: null, account: null, model: null, chosen: null, proof: null });
      render();
      state.proof = again && await refusalOf(again);
    }
    await refresh();
  });
}

/** Moves the stack's clock to a deletion's next step. */
async function skipWait(until) {
  await attempt(async () => {
    await skip(until);
    announce(say("said.skipped"));
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

/** Runs what a person asked for. What went wrong is said, with a button that runs it again. */
async function attempt(run) {
  hideProblem();
  try {
    await run();
  } catch (problem) {
    tellProblem(wordsOf(problem, false), { again: () => attempt(run) });
  }
}

byId("connect").addEventListener("submit", begin);
byId("again").addEventListener("submit", begin);
byId("renew").addEventListener("submit", (event) => begin(event, { connection_id: state.connection.id }));
byId("disconnect").addEventListener("click", disconnectAll);
byId("period").addEventListener("change", () => attempt(() => refresh()));
byId("account").addEventListener("change", () => {
  state.chosen = byId("account").value;
  attempt(() => refresh());
});
byId("person").addEventListener("change", () => attempt(async () => {
  await switchPerson(byId("person").value);
  location.assign("/");
}));
byId("language").addEventListener("change", () => attempt(async () => {
  await switchLanguage(byId("language").value);
  location.assign("/");
}));
byId("csv").addEventListener("click", () => attempt(async () => {
  const { from, to } = period();
  announce(say("loading.csv"));
  download(`${platformWord().replaceAll("_", "-")}-${from}-${to}.csv`, "text/csv", await loadCsv(state.account, period()));
}));
document.addEventListener("visibilitychange", () => document.hidden || refresh());

watchAll();
start();
