// Deletions under way and done: their steps with times, live countdowns, and the receipt at the end.

import { now } from "./clock.js";
import { dateTime, duration, timeBeside } from "./days.js";
import { byId, h, refill } from "./dom.js";
import { receipt } from "./receipt.js";
import { say, sayWord } from "./texts.js";

const WHOLE = ["shred_data", "purge", "revoke", "shred_token", "purge_again", "verify", "done"];
const ONE_ACCOUNT = ["shred_data", "purge", "purge_again", "verify", "done"];
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
    timer.textContent = left > 0 ? say("deletion.in", { duration: duration(left) }) : timer.dataset.late;
  }
}

function content(deletion, proof, onForget, onSkip) {
  const done = isDone(deletion);
  const title = say(`deletion.${isOneAccount(deletion) ? "account" : "connection"}_${done ? "done" : "open"}`);
  return [
    h("div", { class: "head" }, h("h3", null, title), h("code", null, deletion.id)),
    facts(deletion),
    done && proof ? receipt(proof) : null,
    done ? h("details", null, h("summary", null, say("deletion.steps")), steps(deletion)) : steps(deletion),
    done || !onSkip || !deletion.next_step_at ? null : skipWait(deletion, onSkip),
    done ? h("div", { class: "row" }, h("button", { type: "button", class: "quiet", onclick: () => onForget(deletion.id) }, say("deletion.forget"))) : null,
  ];
}

function facts(deletion) {
  const { delete_by: by, status_url: status } = deletion;
  return h("dl", { class: "facts" },
    fact(say("deletion.since"), dateTime(deletion.events[0]?.at ?? deletion.t0)),
    isDone(deletion) ? null : fact(say("deletion.by"), dateTime(by), countdown(by, say("deletion.overdue"))),
    status ? fact(say("deletion.status"), h("a", { href: status }, say("deletion.status_link"))) : null);
}

/** On this machine nobody has to wait a day for a receipt. */
function skipWait({ next_step_at }, onSkip) {
  return h("div", { class: "row skip-wait" },
    h("button", { type: "button", onclick: () => onSkip(next_step_at) }, say("deletion.skip")),
    h("p", { class: "soft" }, say("deletion.skip_note")));
}

function steps(deletion) {
  const order = isOneAccount(deletion) ? ONE_ACCOUNT : WHOLE;
  return h("ol", { class: "steps" }, order.map((step, index) => stepItem(deletion, step, index, order)));
}

function fact(title, ...value) {
  return h("div", null, h("dt", null, title), h("dd", null, ...value.flatMap((part) => [" ", part]).slice(1)));
}

const countdown = (until, late) => h("span", { class: "countdown", role: "timer", "data-until": until, "data-late": late });

function stepItem(deletion, step, index, all) {
  const current = all.indexOf(deletion.step);
  const state = isDone(deletion) || index < current ? "done" : index === current ? "next" : "later";
  const event = deletion.events.findLast((happened) => happened.step === step);
  const note = say(`step_note.${step}`);
  return h("li", { class: state, "data-step": step, "aria-current": state === "next" ? "step" : null },
    h("div", null,
      h("strong", null, sayWord("step", step), h("span", { class: "sr" }, `, ${say(`progress.${state}`)}`)),
      h("span", { class: "soft" }, state === "done" && event ? eventText(event, note) : note, state === "next" ? triesText(deletion, step, event) : null)),
    h("span", { class: "when" }, when(deletion, state, step, event)));
}

function when(deletion, state, step, event) {
  if (state === "done") return timeBeside(event?.at ?? deletion.verified_at ?? deletion.events.at(-1)?.at ?? deletion.t0, deletion.t0);
  if (state === "next" && deletion.next_step_at) return [timeBeside(deletion.next_step_at, deletion.t0), " ", countdown(deletion.next_step_at, say("deletion.now"))];
  return "";
}

function triesText({ revoke }, step, event) {
  if (step !== "revoke" || !revoke?.tries) return null;
  const count = revoke.tries;
  return ` ${event?.outcome ? say("deletion.tries_answer", { count, answer: sayWord("outcome", event.outcome) }) : say("deletion.tries", { count })}`;
}

function eventText({ step, counts, outcome }, note) {
  if (outcome) return sayWord("outcome", outcome);
  const pairs = Object.entries(counts);
  const count = pairs.reduce((sum, [, number]) => sum + number, 0);
  if (step === "verify") return count === 0 ? say("deletion.zero") : say("deletion.found", { count });
  const tables = pairs.map(([table, number]) => `${say(`table_short.${table}`)} ${number}`).join(", ");
  return pairs.length > 0 ? say("deletion.items", { count, tables }) : note;
}
