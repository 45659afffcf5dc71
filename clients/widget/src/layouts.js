/* The frame around the cards: a grid, a carousel or a compact list, with its heading. */

import { buildControls } from "./carousel.js";
import { make } from "./make.js";

export const LAYOUTS = ["grid", "carousel", "compact"];

/* `items` are the <li> of a list, in a carousel the <div> of slides. */
export function buildSection(items, { layout, heading, words, isBusy = false }) {
  const isCarousel = layout === "carousel";
  const title = make("slot", { name: "heading" }, make("h2", { part: "heading" }, heading));
  const list = isCarousel
    ? make("div", { part: "list", class: "list" }, ...items)
    : make("ul", { part: "list", class: "list", role: "list" }, ...items);
  const head = make("div", { class: "head" }, make("div", { id: "heading" }, title));
  const section = make("section", { class: layout, "aria-labelledby": "heading" }, head, list);
  if (isBusy) section.setAttribute("aria-busy", "true");
  list.inert = isBusy; // buttons of cards that are still to come do nothing
  if (isCarousel) {
    section.setAttribute("aria-roledescription", words.slides);
    items.forEach((item, place) => nameSlide(item, { words, text: `${place + 1} / ${items.length}` }));
    head.append(buildControls(list, { words }));
  }
  return section;
}

function nameSlide(item, { words, text }) {
  item.setAttribute("role", "group");
  item.setAttribute("aria-roledescription", words.slide);
  item.setAttribute("aria-label", text);
}
