/* Cards made from the page's own <template>: they stand in the page itself, so that its style sheets are for them. */

import { LAZY } from "./card.js";
import { make } from "./make.js";

const TEXTS = ["title", "sku", "price", "list-price", "badge", "reason", "position"]; // of what `describeResult` says

const CONTROLS = "button, input, select, textarea, label, [data-kindred~=cart], [data-kindred~=why]";

export function findTemplate(element) {
  return [...element.children].find((child) => child.localName === "template");
}

/* A copy filled with a product, or with nothing, to keep its place. `actions` are what buttons do, by name: why, cart. */
export function fillTemplate(template, said, actions = {}) {
  const content = document.importNode(template.content, true);
  const root = content.children.length === 1 ? content.firstElementChild : make("div", {}, content);
  for (const element of [root, ...root.querySelectorAll("[data-kindred]")]) {
    for (const name of (element.dataset.kindred ?? "").split(/\s+/).filter(Boolean)) {
      if (said) fillElement(element, name, { said, actions });
      else if (TEXTS.includes(name)) element.textContent = name === "title" || name === "price" ? "\u00a0" : "";
    }
  }
  root.toggleAttribute("data-sold-out", Boolean(said?.badge));
  if (!said) root.inert = true;
  return root;
}

function fillElement(element, name, { said, actions }) {
  if (TEXTS.includes(name)) {
    element.textContent = said[name];
    element.hidden = element.textContent === "";
  } else if (name === "link") {
    element.setAttribute("href", said.address);
  } else if (name === "picture") {
    fillPicture(element, said);
  } else if (name === "why" || name === "cart") {
    element.hidden = !actions[name];
    element.addEventListener("click", (event) => {
      event.preventDefault(); // it may stand in the link
      actions[name]?.(element);
    });
  } else {
    console.warn(`<kindred-similar>: data-kindred="${name}" is not known`);
  }
}

function fillPicture(element, { picture, title }) {
  element.hidden = picture === "";
  if (picture === "") return;
  if (element.localName !== "img") return element.replaceChildren(make("img", { ...LAZY, alt: title, src: picture }));
  for (const [name, value] of Object.entries({ ...LAZY, alt: title, src: picture })) element.setAttribute(name, value);
}

/* Whether a click in `item` opens the product: on a link, where the template names one on that, and on no control. */
export function isOpening(event, item) {
  const path = event.composedPath().filter((node) => node.matches);
  const inside = path.slice(0, path.indexOf(item));
  if (inside.some((node) => node.matches(CONTROLS)) || !inside.some((node) => node.matches("a[href]"))) return false;
  const named = inside.find((node) => node.slot)?.querySelector("[data-kindred~=link]");
  return !named || inside.includes(named);
}
