/* What the script does where it is loaded: defines the element and puts `kindred` into the window. A second copy does nothing. */

import { HOME } from "./addresses.js";
import { decideAgain, getAsked, isGranted, setAsked, speak } from "./consent.js";
import { KindredSimilar } from "./element.js";
import { flushEvents, recordEvent } from "./events.js";

const VERSION = 1;

/* Record what happened outside of the lists: track("purchase", {sku, quantity}), or several at once. */
function track(type, what) {
  const element = document.querySelector("kindred-similar");
  const api = window.kindred.api || element?.getAttribute("api") || HOME || location.origin;
  const key = window.kindred.key || element?.getAttribute("key") || "";
  for (const values of [what].flat()) {
    const { sku, quantity, position, placement, strategy, recommendationId } = typeof values === "string" ? { sku: values } : values;
    const named = { recommendation_id: recommendationId, quantity, position, placement, strategy };
    recordEvent({ api: api.replace(/\/+$/, ""), key }, { type, sku, ...named });
  }
}

function offer() {
  const found = window.kindred ?? {}; // what the page has set before this script came
  const given = found.consent;
  window.kindred = Object.assign(found, {
    version: VERSION,
    track,
    flush: flushEvents,
    grant: () => speak(true),
    withdraw: () => speak(false),
  });
  Object.defineProperty(found, "consent", { get: getAsked, set: setAsked, configurable: true, enumerable: true });
  Object.defineProperty(found, "granted", { get: isGranted, configurable: true, enumerable: true });
  if (given === undefined) decideAgain();
  else setAsked(given);
}

if (globalThis.customElements && globalThis.document && !window.kindred?.version) {
  if (customElements.get("kindred-similar")) {
    console.warn("<kindred-similar> is another script's element on this page, so Kindred's stays away");
  } else {
    offer();
    customElements.define("kindred-similar", KindredSimilar);
  }
}
