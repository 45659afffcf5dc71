/* That a product's own page is looked at: once for each product on a page, as soon as there is consent and the page is in
 * view. One that a browser fetches ahead of time, or opens in a tab behind, may never be. */

import { onConsentChange } from "./consent.js";
import { recordEvent } from "./events.js";
import { rememberView } from "./recent.js";

const views = new Map(); // address of a shop and sku -> {to, sku, isSettled}

/* `wish` as of `readWish`: its anchor is what the page is about. */
export function viewProduct({ api, key, anchors }) {
  const [sku] = anchors;
  const name = `${api} ${sku}`;
  if (!sku || views.has(name)) return;
  if (!views.size) document.addEventListener("visibilitychange", () => views.forEach(tell));
  views.set(name, { to: { api, key }, sku, isSettled: false });
  tell(views.get(name));
}

onConsentChange((yes) => yes && views.forEach(tell));

function tell(view) {
  if (view.isSettled || document.visibilityState === "hidden") return;
  view.isSettled = true; // also while the page's function takes its time
  recordEvent(view.to, { type: "view", sku: view.sku }, (yes) => {
    view.isSettled = yes;
    if (yes) rememberView(view.sku);
  });
}
