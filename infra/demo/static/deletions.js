// Deletions under way and done: their steps with times, live countdowns, and the receipt at the end.

import { now } from "./clock.js";
import { dateTime, duration, timeBeside } from "./days.js";
import { byId, h, refill } from "./dom.js";
import { receipt } from "./receipt.js";

const STEPS = {
  cut_connections: ["Cut every connection", "Nothing of the organisation is readable any more."],
  shred_data: ["Destroy the data keys", "Everything stored is noise from here on, backups included within 1 day."],
  purge: ["Delete every item", "Reports, names, sync state."],
  revoke: ["End the access at TikTok", "The platform is asked to end the grant."],
  shred_token: ["Destroy the token and its key", "Whatever the platform answered."],
  purge_again: ["Delete once more", "After 20 minutes, when nothing that was running at the start can still run."],
  verify: ["Count every place", "24 hours after its time counts, and after the second deletion: what can be counted has to be zero."],
  done: ["Receipt", "What was held, what was done, what expires by when."],
};
const WHOLE = ["shred_data", "purge", "revoke", "shred_token", "purge_again", "verify", "done"];
const ONE_ACCOUNT = ["shred_data", "purge", "purge_again", "verify", "done"];
const OUTCOMES = {
  killed: "TikTok confirmed",
  refused: "TikTok refused",
  impossible: "not possible from here",
  unreachable: "could not be ended from here",
};

/** Returns whether a deletion is only about one account of a connection that lives on. */
export const isOneAccount = ({ subject }) => subject.kind === "account";

/** Returns whether everything was counted at zero. */
export const isDone = (deletion) => deletion.step === "done";

/** Shows the deletions; it makes a card anew only when its deletion changed. */
export function showDeletions(entries, { onForget, onSkip }) {
  const list = byId("deletions");
  const wanted = entries.map(({ deletion }) => deletion.id);
  for (const card of [...list.children]) if (!wanted.includes(card.dataset.id)) card.remove();
  entries.forEach(({ deletion, proof }, index) => {
    let card = list.querySelector(`[data-id="${deletion.id}"]`);
    if (!card) card = h("article", { class: "card deletion", "data-id": deletion.id });
    if (list.children[index] !== card) list.insertBefore(card, list.children[index] ?? null);
    const key = [deletion.step, deletion.next_step_at, deletion.events.length, Boolean(proof)].join();
    refill(card, key, () => content(deletion, proof, onForget, onSkip));
  });
  tick();
}

/** Moves every countdown on. */
export function tick() {
  for (const timer of document.querySelectorAll("[data-until]")) {
    const left = Date.parse(timer.dataset.until) - now();
    timer.textContent = left > 0 ? `in ${duration(left)}` : timer.dataset.late;
  }
}

function content(deletion, proof, onForget, onSkip) {
  const what = isOneAccount(deletion) ? "One ad account" : "The TikTok Ads connection";
  const title = isDone(deletion) ? `${what}: deleted and counted` : `${what}: deletion under way`;
  return [
    h("div", { class: "head" }, h("h3", null, title), h("code", null, deletion.id)),
    h("dl", { class: "facts" },
      fact("Nothing readable since", dateTime(deletion.events[0]?.at ?? deletion.t0)),
      isDone(deletion) ? null : fact("Tokens, figures and names gone by", dateTime(deletion.delete_by), countdown(deletion.delete_by, "overdue")),
      deletion.status_url ? h("div", null, h("dt", null, "Public status"), h("dd", null, h("a", { href: deletion.status_url }, "Status page (no sign-in)"))) : null),
    isDone(deletion) && proof ? receipt(proof) : null,
    isDone(deletion) ? h("details", null, h("summary", null, "Every step with its time"), steps(deletion)) : steps(deletion),
    isDone(deletion) || !onSkip || !deletion.next_step_at ? null : skipWait(deletion, onSkip),
    isDone(deletion) ? h("div", { class: "row" }, h("button", { type: "button", class: "quiet", onclick: () => onForget(deletion.id) }, "Remove from this page")) : null,
  ];
}

/** On this machine nobody has to wait a day for a receipt. */
function skipWait({ next_step_at }, onSkip) {
  return h("div", { class: "row skip-wait" },
    h("button", { type: "button", onclick: () => onSkip(next_step_at) }, "Skip the wait"),
    h("p", { class: "soft" }, "Moves the clock of this local stack to the next step. A deployment waits."));
}

function steps(deletion) {
  const order = isOneAccount(deletion) ? ONE_ACCOUNT : WHOLE;
  return h("ol", { class: "steps" }, order.map((step, index) => stepItem(deletion, step, index, order)));
}

function fact(title, ...value) {
  return h("div", null, h("dt", null, title), h("dd", null, ...value.flatMap((part) => [part, " "])));
}

const countdown = (until, late) => h("span", { class: "countdown", role: "timer", "data-until": until, "data-late": late });

function stepItem(deletion, step, index, all) {
  const current = all.indexOf(deletion.step);
  const state = isDone(deletion) || index < current ? "done" : index === current ? "next" : "later";
  const event = deletion.events.findLast((happened) => happened.step === step);
  const [title, note] = STEPS[step] ?? [step, ""];
  return h("li", { class: state, "data-step": step, "aria-current": state === "next" ? "step" : null },
    h("div", null,
      h("strong", null, title, h("span", { class: "sr" }, `, ${{ done: "done", next: "next", later: "to come" }[state]}`)),
      h("span", { class: "soft" }, state === "done" && event ? eventText(event, note) : note, state === "next" ? triesText(deletion, step, event) : null)),
    h("span", { class: "when" }, when(deletion, state, step, event)));
}

function when(deletion, state, step, event) {
  if (state === "done") return timeBeside(event?.at ?? deletion.verified_at ?? deletion.events.at(-1)?.at ?? deletion.t0, deletion.t0);
  if (state === "next" && deletion.next_step_at) return [timeBeside(deletion.next_step_at, deletion.t0), " ", countdown(deletion.next_step_at, "now")];
  return "";
}

function triesText({ revoke }, step, event) {
  if (step !== "revoke" || !revoke?.tries) return null;
  const answer = event?.outcome ? `: ${OUTCOMES[event.outcome] ?? event.outcome}` : "";
  return ` Asked ${revoke.tries === 1 ? "once" : `${revoke.tries} times`} so far${answer}. At most 3 times.`;
}

function eventText({ step, counts, outcome }, note) {
  if (outcome) return OUTCOMES[outcome] ?? outcome;
  const pairs = Object.entries(counts);
  const total = pairs.reduce((sum, [, number]) => sum + number, 0);
  const items = total === 1 ? "1 item" : `${total} items`;
  if (step === "verify") return total === 0 ? "Every place counted: 0" : `${items} found, tried again`;
  return pairs.length > 0 ? `${items}: ${pairs.map(([table, number]) => `${table} ${number}`).join(", ")}` : note;
}
