// What the page tells: that it loads and what, what happened, and what went wrong with what to do.

import { byId, show } from "./dom.js";
import { Problem } from "./server.js";
import { say } from "./texts.js";

/** The longest wait that a person is told in seconds. */
const LONGEST_TOLD = 600;

/** Says what the page loads before it has anything to show; null once it has. */
export function tellLoading(text) {
  tellIn(byId("loading"), text);
}

/** Says whose figures are loading; those of before stay, marked as old. Null once they are here. */
export function tellFigures(text) {
  const isOld = text !== null && !byId("figures").hidden;
  tellIn(byId("figures-loading"), text);
  byId("figures-loading").classList.toggle("beside", isOld);
  byId("figures").toggleAttribute("inert", isOld);
  byId("report").setAttribute("aria-busy", String(text !== null));
}

function tellIn(element, text) {
  show(element, text !== null);
  const words = element.querySelector("p");
  if (text !== null && words.textContent !== text) words.textContent = text;
}

/** Tells what happened to people who do not see it. */
export function announce(text) {
  byId("status").textContent = text;
}

/** What the button of the shown problem does. */
let retry = null;

/** Shows a problem. One that passes goes when the next try of the page works; its button, if it has one, tries again. */
export function tellProblem(text, { isPassing = false, again = null } = {}) {
  const alert = byId("alert");
  const words = alert.querySelector("p");
  if (words.textContent !== text || alert.hidden) words.textContent = text;
  alert.dataset.passing = isPassing ? "yes" : "no";
  retry = again;
  show(byId("retry"), again !== null);
  show(alert, true);
}

/** Takes a problem away that has passed. */
export function passProblem() {
  if (byId("alert").dataset.passing === "yes") hideProblem();
}

/** Takes every problem away. */
export const hideProblem = () => show(byId("alert"), false);

/** Writes a failure in words, with what to do: the page tries its own calls again, what a person asked for they try again. */
export function wordsOf(problem, isOwn = true) {
  if (!(problem instanceof Problem)) {
    console.error(problem);
    return say(isOwn ? "problem.offline" : "problem.offline_again");
  }
  const text = refused(problem, isOwn);
  return problem.requestId ? say("problem.request", { problem: text, id: problem.requestId }) : text;
}

function refused({ status, code, retryAfter }, isOwn) {
  if (status === 429) return say(isOwn ? "problem.limit" : "problem.limit_again", { count: Math.min(LONGEST_TOLD, retryAfter ?? 3) });
  if (status === 401) return say("problem.sign_in");
  if (status === 403) return say("problem.forbidden");
  if (status === 404 || status === 410) return say("problem.gone");
  if (status >= 500) return say(isOwn ? "problem.failed" : "problem.failed_again");
  return say("problem.refused", { word: code.replaceAll("_", " ") });
}

byId("retry").addEventListener("click", () => retry?.());
