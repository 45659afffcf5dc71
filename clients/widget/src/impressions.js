/* Which products of a list have been seen: half of them in view for a second, in a tab that is in view. */

import { isGranted, onConsentChange } from "./consent.js";
import { isVisible } from "./near.js";

const HALF = 0.5;
const LONG_ENOUGH_MS = 1_000;
const watched = new Map(); // item -> {record, isHalfSeen, timer}
let watcher;

/* Call `record` once, when `item` has been seen; without consent, not before there is. */
export function watchItem(item, record) {
  watcher ??= start();
  watched.set(item, { record, isHalfSeen: false, timer: 0 });
  watcher.observe(item);
}

export function forgetItems(items) {
  for (const item of items) {
    clearTimeout(watched.get(item)?.timer);
    if (watched.delete(item)) watcher.unobserve(item);
  }
}

function start() {
  document.addEventListener("visibilitychange", judgeAll);
  onConsentChange(judgeAll);
  return new IntersectionObserver(
    (entries) => {
      for (const { target, intersectionRatio } of entries) {
        const state = watched.get(target);
        if (!state) continue;
        state.isHalfSeen = intersectionRatio >= HALF;
        judge(target, state);
      }
    },
    { threshold: HALF },
  );
}

function judgeAll() {
  for (const [item, state] of [...watched]) judge(item, state);
}

function judge(item, state) {
  const isSeen = state.isHalfSeen && isGranted() && document.visibilityState === "visible";
  if (!isSeen) {
    clearTimeout(state.timer);
    state.timer = 0;
  }
  if (!isSeen || state.timer) return;
  const wasShown = isShown(item);
  state.timer = setTimeout(() => {
    state.timer = 0;
    if (!wasShown || !isShown(item)) return judge(item, state); // such as in a drawer that is still closed
    forgetItems([item]);
    state.record();
  }, LONG_ENOUGH_MS);
}

function isShown(item) {
  return isVisible(item, true);
}
