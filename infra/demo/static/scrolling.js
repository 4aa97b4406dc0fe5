// Tables that are wider than their place: a shadow at each edge behind which there is more, and a way in for the keyboard.

import { h } from "./dom.js";
import { say } from "./texts.js";

const places = new ResizeObserver((entries) => entries.forEach(({ target }) => update(target.closest(".scroll"))));

/** Makes a region that scrolls, with its edges. */
export function scrolling(attributes, content) {
  const region = h("div", { class: "scroll", role: "region", ...attributes }, content);
  const edges = h("div", { class: "edges" }, region);
  watch(region);
  return edges;
}

/** Watches the regions that the page already has. */
export const watchAll = () => document.querySelectorAll(".scroll").forEach(watch);

function watch(region) {
  region.after(h("p", { class: "hint", "aria-hidden": "true" }, say("table.scrolls")));
  region.addEventListener("scroll", () => update(region), { passive: true });
  places.observe(region);
  for (const part of region.children) places.observe(part);
}

/** Marks the edges behind which there is more. Only a region that scrolls is a stop of the keyboard. */
function update(region) {
  const hidden = region.scrollWidth - region.clientWidth;
  const at = Math.abs(region.scrollLeft);
  region.parentElement.classList.toggle("before", hidden > 1 && at > 1);
  region.parentElement.classList.toggle("beyond", hidden > 1 && at < hidden - 1);
  const scrolls = hidden > 1 || region.scrollHeight - region.clientHeight > 1;
  if (scrolls) region.tabIndex = 0;
  else region.removeAttribute("tabindex");
}
