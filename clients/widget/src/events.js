/* What shoppers did, told to Kindred in batches that outlive the page. */

import { SECRET, SECRET_SHOWN } from "./addresses.js";
import { isGranted, isPersonal, onConsentChange, readSession, whenDecided } from "./consent.js";

const FULL = 20; // events; a batch of so many is a few kilobytes
const DELAY_MS = 5_000; // that an event waits for others
const queues = new Map(); // by address
let timer = 0;

onConsentChange(() => isPersonal() || queues.clear()); // what was done under another consent goes with it

/* Record one event with consent, which it says, and never without. `to` is {api, key}; calls back with whether it was. */
export function recordEvent(to, values, settle = () => {}) {
  if (to.key?.startsWith(SECRET)) return console.error(`<kindred-similar>: ${SECRET_SHOWN}`);
  const event = { event_id: makeId() }; // and no time: Kindred has it within seconds, and many a visitor's clock is wrong
  for (const [name, value] of Object.entries(values)) if (value !== undefined && value !== "") event[name] = value;
  listenOnce();
  whenDecided((yes) => {
    settle(yes);
    if (!yes) return;
    event.consent = isGranted();
    event.session_id = readSession(makeId);
    const address = `${to.api}/api/v1/events/${to.key ? `?key=${encodeURIComponent(to.key)}` : ""}`;
    const queue = queues.get(address) ?? [];
    queues.set(address, queue);
    queue.push(event);
    if (queue.length >= FULL) flushEvents();
    else timer ||= setTimeout(flushEvents, DELAY_MS);
  });
}

export function flushEvents() {
  clearTimeout(timer);
  timer = 0;
  for (const [address, events] of isGranted() ? queues : []) {
    while (events.length) send(address, JSON.stringify({ events: events.splice(0, FULL) }));
  }
  queues.clear();
}

/* A text is what a page may send to another site without asking first, and a beacon goes on when the page has gone. */
function send(address, body) {
  if (navigator.sendBeacon?.(address, body)) return;
  fetch(address, { method: "POST", body, keepalive: true, credentials: "omit", mode: "no-cors" }).catch(() => {});
}

let listens = false;

function listenOnce() {
  if (listens) return;
  listens = true;
  addEventListener("pagehide", flushEvents);
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && flushEvents());
}

/* 128 random bits, the digits of a UUID. Pages without TLS have no randomUUID. */
export function makeId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
