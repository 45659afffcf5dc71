/* A row that scrolls: by touch and wheel as the browser does it, by two buttons, and by the arrow keys from card to card. */

import { make } from "./make.js";

const PAGE = 0.9; // of what is in view: a little of it stays
const KEYS = { ArrowRight: 1, ArrowLeft: -1 };

/* The buttons for `list`, which scrolls. They are away where all of it is in view. */
export function buildControls(list, { words }) {
  const buttons = [-1, 1].map((step) => {
    const attributes = { type: "button", class: step < 0 ? "previous" : "next", part: "button", "aria-label": step < 0 ? words.previous : words.next };
    const button = make("button", attributes, make("span", { "aria-hidden": "true" }, step < 0 ? "\u2039" : "\u203a"));
    button.addEventListener("click", () => button.getAttribute("aria-disabled") === "true" || scrollBy(list, step));
    return button;
  });
  const controls = make("div", { class: "controls" }, ...buttons);
  const judge = () => judgeButtons(list, controls, buttons);
  list.addEventListener("scroll", judge, { passive: true });
  list.addEventListener("keydown", (event) => moveFocus(list, event));
  new ResizeObserver(judge).observe(list);
  return controls;
}

function judgeButtons(list, controls, [previous, next]) {
  const room = list.scrollWidth - list.clientWidth;
  const passed = Math.abs(list.scrollLeft); // from right to left it counts down from 0
  controls.classList.toggle("needless", room <= 1);
  previous.setAttribute("aria-disabled", String(passed <= 1)); // Firefox before 119 has no ariaDisabled
  next.setAttribute("aria-disabled", String(passed >= room - 1));
}

/* 1 where lines run from left to right, -1 where they run from right to left. */
export function readDirection(element) {
  return getComputedStyle(element).direction === "rtl" ? -1 : 1;
}

function findBehavior() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
}

function scrollBy(list, step) {
  list.scrollBy({ left: step * readDirection(list) * list.clientWidth * PAGE, behavior: findBehavior() });
}

function moveFocus(list, event) {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || isWrittenTo(event)) return;
  const items = [...list.children];
  const here = items.findIndex((item) => event.composedPath().includes(item));
  const places = { Home: 0, End: items.length - 1 };
  const place = places[event.key] ?? here + KEYS[event.key] * readDirection(list);
  const item = items[place];
  if (here < 0 || !item) return;
  event.preventDefault();
  findTarget(item)?.focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest", inline: "nearest", behavior: findBehavior() });
}

/* Fields of a page's own card, such as a quantity, need these keys themselves. */
function isWrittenTo(event) {
  return event.defaultPrevented || event.composedPath()[0].closest?.("input, select, textarea, [contenteditable]");
}

/* The link of a card, also where the card stands in the page itself. */
export function findTarget(item) {
  for (const root of item.querySelector("slot").assignedElements({ flatten: true })) {
    const found = root.matches("a[href], button") ? root : root.querySelector("a[href], button");
    if (found) return found;
  }
  return null;
}
