/* What the script does where it is loaded: defines the element and puts `kindred` into the window. A second copy does nothing. */

import { HOME } from "./addresses.js";
import { decideAgain, getAsked, isGranted, setAsked, speak } from "./consent.js";
import { KindredSimilar } from "./element.js";
import { flushEvents, recordEvent } from "./events.js";

const VERSION = 1;
const TYPES = ["impression", "click", "view", "add_to_cart", "remove_from_cart", "wishlist", "purchase", "search", "dismiss"];
const OF_PAGE = ["api", "key", "consent"]; // what a page may set

/* Record what happened outside of the lists: track("purchase", {sku, quantity}), or several at once; of a search, what was
 * searched for. Never throws: who calls it is a shop's checkout. */
function track(type, what) {
  const element = document.querySelector("kindred-similar");
  const api = window.kindred.api || element?.getAttribute("api") || HOME || location.origin;
  const key = window.kindred.key || element?.getAttribute("key") || "";
  const main = type === "search" ? "query" : "sku";
  for (const values of [what].flat()) {
    const said = Object(values) === values ? values : { [main]: values };
    if (!TYPES.includes(type) || !said[main]) {
      console.warn(`<kindred-similar>: kindred.track("${type}") names no SKU or event`);
      continue;
    }
    const { quantity, price, currency, position, placement, strategy, recommendationId, orderId } = said;
    const named = { recommendation_id: recommendationId, order_id: orderId, quantity, price, currency, position };
    recordEvent({ api: api.replace(/\/+$/, ""), key }, { type, [main]: said[main], ...named, placement, strategy });
  }
}

/* What scripts have put there. An element with this id is found under the name too, and is nothing of ours. */
function findOwn() {
  return Object.hasOwn(window, "kindred") ? window.kindred : undefined;
}

/* A page may set its values before this script comes or after it: an async script never knows which. */
function offer() {
  const found = findOwn() ?? {};
  const given = found.consent;
  const own = {
    version: VERSION,
    track,
    flush: flushEvents,
    grant: (what) => speak(typeof what === "string" ? what : true), // as a listener it is given an event
    withdraw: () => speak(false),
    get consent() {
      return getAsked();
    },
    set consent(value) {
      setAsked(value);
    },
    get granted() {
      return !!isGranted();
    },
  };
  Object.defineProperties(found, Object.getOwnPropertyDescriptors(own));
  const take = (said) => {
    for (const name of OF_PAGE) if (said?.[name] !== undefined && said[name] !== found[name]) found[name] = said[name];
  };
  Object.defineProperty(window, "kindred", { get: () => found, set: take, configurable: true, enumerable: true });
  if (given === undefined) decideAgain();
  else setAsked(given);
}

if (globalThis.customElements && globalThis.document && !findOwn()?.version) {
  if (customElements.get("kindred-similar")) {
    console.warn("<kindred-similar> is another script's element on this page");
  } else {
    offer();
    customElements.define("kindred-similar", KindredSimilar);
  }
}
