/* Why one product is like another: fetched when somebody asks, and shown beside the button that asks. */

import { make } from "./make.js";
import { getJson } from "./request.js";

const AGAIN_MS = 1_000; // the worker looks at words when they are first asked for
const MOST_LOOKS = 10;
const MOST_WORDS = 6;

/* Open the popover in `root`, a shadow root, beside `button`. `wish` says whom to ask, `pair` is [anchor, sku]. */
export async function openWhy(button, { root, wish, pair, words }) {
  root.querySelector(".popover")?.remove();
  const close = make("button", { type: "button", class: "close", "aria-label": words.close }, "\u00d7");
  const content = make("div", { "aria-live": "polite" }, words.looking);
  const popover = make("div", { class: "popover", part: "popover", role: "dialog", "aria-label": words.why, tabindex: "-1" }, close, content);
  const end = () => popover.remove();
  close.addEventListener("click", () => leave(popover, button));
  popover.addEventListener("keydown", (event) => event.key === "Escape" && leave(popover, button));
  root.append(popover);
  if (popover.showPopover) {
    popover.popover = "auto"; // closed by Escape and by a click beside it
    popover.addEventListener("toggle", (event) => event.newState === "closed" && end());
    popover.showPopover({ source: button }); // from its last control Tab goes on behind the button
  }
  place(popover, button);
  popover.focus({ preventScroll: true });
  await look(content, { popover, wish, pair, words });
  if (popover.isConnected) place(popover, button);
}

function leave(popover, button) {
  popover.remove();
  button.focus({ preventScroll: true });
}

async function look(content, { popover, wish, pair, words }) {
  const [anchor, sku] = pair.map(encodeURIComponent);
  for (let looks = 0; looks < MOST_LOOKS && popover.isConnected; looks += 1) {
    try {
      const answer = await getJson(`${wish.api}/api/v1/products/${anchor}/similar/${sku}/`, wish);
      content.replaceChildren(...describe(answer, words));
      if (answer.status !== "looking") return;
    } catch (error) {
      console.error(`<kindred-similar>: why ${pair.join(" and ")} are similar: ${error.message || error}`);
      return content.replaceChildren(words.nothing); // what went wrong is nothing to a shopper
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

function describe({ explanation, words: told, status }, words) {
  if (!explanation) return [words.nothing];
  const shown = [];
  for (const [name, share] of Object.entries(explanation.shares)) {
    if (!share) continue; // one of the two lacks it, or it counts nothing
    const percent = Math.round(100 * share);
    const label = { text: words.text, image: words.picture }[name] ?? explanation.labels[name]; // further ones by the server
    const meter = make("meter", { min: "0", max: "100", value: String(percent), "aria-label": label });
    shown.push(make("div", { class: "share" }, `${label} ${percent} %`, meter));
  }
  const shared = Object.values(explanation.shared);
  if (shared.length) shown.push(make("p", {}, make("b", {}, words.shared), ` ${shared.join(", ")}`));
  const weighty = (told ?? []).slice(0, MOST_WORDS).map(({ word }) => word);
  if (weighty.length) shown.push(make("p", {}, make("b", {}, words.words), ` ${weighty.join(", ")}`));
  else if (status === "looking") shown.push(make("p", {}, words.looking));
  return shown.length ? shown : [words.nothing];
}

/* Below the button, or above where there is more room, within the window. */
function place(popover, button) {
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popover;
  const left = Math.max(8, Math.min(at.left, innerWidth - width - 8));
  const below = at.bottom + 4 + height <= innerHeight || at.top < height + 4;
  popover.style.left = `${left}px`; // by script, which a policy on styles lets pass
  popover.style.top = `${below ? Math.min(at.bottom + 4, Math.max(8, innerHeight - height - 8)) : at.top - height - 4}px`;
}
