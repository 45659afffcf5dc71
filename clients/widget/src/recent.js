/* What this visit looked at, kept with consent alone, for lists that are made for the visitor. */

import { isPersonal, recall, remember, whenDecided } from "./consent.js";

const RECENT = "kindred-recent";
const MOST = 20; // products

export function rememberView(sku) {
  if (isPersonal()) remember(RECENT, JSON.stringify([sku, ...readRecent().filter((one) => one !== sku)].slice(0, MOST)));
}

/* SKUs, the newest first; none without consent. A page's answer that takes its time is not waited for. */
export function readRecent() {
  whenDecided();
  return (isPersonal() && JSON.parse(recall(RECENT))) || [];
}
