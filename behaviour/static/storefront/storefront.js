/* What the storefront's pages do beyond forms and links: the cart without a new page, prices of a bundle's choices, lists
 * that come when they are near, and, with consent alone, events. The server says whether there is consent (data-session). */

const own = document.querySelector("[data-storefront]");
const VIEWED = "kindred-viewed"; // SKUs, the newest first
const MOST_VIEWED = 12;
const isCounted = Boolean(own.dataset.session) && !navigator.globalPrivacyControl;

/* The cart */

function say(text) {
  const said = document.querySelector("[data-cart-said]");
  const link = document.querySelector("[data-cart-link]").cloneNode(true);
  link.querySelector("[data-cart-count]").remove();
  said.replaceChildren(`${text} `, link);
  clearTimeout(say.timer);
  say.timer = setTimeout(() => said.replaceChildren(), 8_000);
}

let putting = Promise.resolve(); // one after the other: two answers at once would each count from what was there before

/* Also beside other tabs of this shop, where the browser can say which of them has its turn. */
function takeTurn(work) {
  return navigator.locks ? navigator.locks.request("kindred-cart", work) : work();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-cart-add]")) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form));
  putting = putting.then(() => takeTurn(() => putIntoCart(form, body)));
});

async function putIntoCart(form, body) {
  try {
    const headers = { Accept: "application/json" };
    const answer = await fetch(form.action, { method: "POST", body, headers, keepalive: true });
    const { pieces, said } = await answer.json();
    for (const count of document.querySelectorAll("[data-cart-count]")) count.textContent = pieces;
    say(said);
  } catch {
    form.submit(); // the page that comes then says what is wrong
  }
}

/* The bundle: the server has written the price of every choice. */

for (const form of document.querySelectorAll("[data-bundle]")) {
  const ticks = [...form.querySelectorAll("input[type=checkbox]")];
  const total = form.querySelector("[data-totals]");
  const totals = JSON.parse(total.dataset.totals);
  const show = () => {
    const chosen = ticks.reduce((bits, tick, place) => bits | (tick.checked << place), 0);
    total.textContent = totals[chosen];
    form.querySelector("button").disabled = !chosen;
  };
  form.addEventListener("change", show);
  show(); // a browser that goes back keeps the ticks
}

/* Events */

let waiting = [];
let timer = 0;

function record(type, values) {
  if (!isCounted) return;
  const consent = "personalisation";
  waiting.push({ event_id: makeId(), type, session_id: own.dataset.session, consent, ...values });
  timer ||= setTimeout(send, 3_000);
}

function send() {
  clearTimeout(timer);
  timer = 0;
  if (!waiting.length) return;
  const body = JSON.stringify({ events: waiting.splice(0) });
  if (!navigator.sendBeacon?.(own.dataset.events, body)) {
    fetch(own.dataset.events, { method: "POST", body, keepalive: true, mode: "no-cors" }).catch(() => {});
  }
}

/* A random UUID. Pages without TLS have no randomUUID. */
function makeId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function describe(item) {
  const list = item.closest("[data-recommendation-id]");
  const position = [...list.querySelectorAll("[data-sku]")].indexOf(item) + 1;
  return { sku: item.dataset.sku, recommendation_id: list.dataset.recommendationId, position };
}

/* Seen is what is half in view for a second, in a tab that is in view. */
const seen = new IntersectionObserver(
  (entries) => {
    for (const { target, intersectionRatio } of entries) {
      clearTimeout(target.seenTimer);
      if (intersectionRatio < 0.5) continue;
      target.seenTimer = setTimeout(() => {
        if (document.visibilityState !== "visible") return;
        seen.unobserve(target);
        record("impression", describe(target));
      }, 1_000);
    }
  },
  { threshold: 0.5 },
);

function watch(place) {
  for (const item of place.querySelectorAll("[data-recommendation-id] [data-sku]")) seen.observe(item);
}

function noteClick(event) {
  const item = event.target.closest?.("[data-recommendation-id] [data-sku]");
  const link = event.target.closest?.("a[href]");
  if (item && link && (event.type === "click" || event.button === 1)) record("click", describe(item));
}

/* What this browser has been shown lately */

function readViewed() {
  try {
    const kept = JSON.parse(localStorage.getItem(VIEWED) ?? "[]");
    return Array.isArray(kept) ? kept.filter((sku) => typeof sku === "string") : [];
  } catch {
    return []; // no place to keep anything, or what is there is not ours
  }
}

function keepViewed(skus) {
  try {
    if (skus.length) localStorage.setItem(VIEWED, JSON.stringify(skus.slice(0, MOST_VIEWED)));
    else localStorage.removeItem(VIEWED);
  } catch {} // as above
}

/* Lists that come when they are near */

const near = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      bring(target).catch(() => false).then((isBrought) => isBrought || unused.observe(target)); // a page without it is a page
    }
  },
  { rootMargin: "400px" },
);

/* The style sheet keeps room for a list. Where none comes it is given back once nobody looks: the page would move. */
const unused = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) if (!isIntersecting) target.remove();
});

async function bring(place) {
  if (document.getElementById(place.dataset.unless)) return false;
  const address = new URL(place.dataset.part, location.href);
  if ("recent" in place.dataset) {
    const skus = viewedBefore.filter((sku) => sku !== place.dataset.viewed);
    if (!skus.length) return false;
    for (const sku of skus) address.searchParams.append("sku", sku);
  }
  const answer = await fetch(address);
  if (!answer.ok) return false;
  place.replaceChildren(...new DOMParser().parseFromString(await answer.text(), "text/html").body.children);
  watch(place);
  return place.childElementCount > 0;
}

const viewedBefore = isCounted ? readViewed() : [];

function noteView(sku) {
  record("view", { sku });
  keepViewed([sku, ...viewedBefore.filter((other) => other !== sku)]);
}

/* A page that is fetched ahead of time, or opened in a tab behind, is seen when it comes to the front. */
function whenVisible(callback) {
  if (document.visibilityState === "visible") return callback();
  document.addEventListener("visibilitychange", () => whenVisible(callback), { once: true });
}

if (isCounted) {
  document.addEventListener("click", noteClick);
  document.addEventListener("auxclick", noteClick);
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && send());
  addEventListener("pagehide", send);
  watch(document);
  whenVisible(() => {
    const product = document.querySelector("[data-viewed]");
    if (product) noteView(product.dataset.viewed);
    const search = document.querySelector("[data-searched]");
    if (search) record("search", { query: search.dataset.searched });
  });
  for (const place of document.querySelectorAll("[data-part]")) near.observe(place);
  document.addEventListener("kindred:list", (event) => watch(event.detail)); // another one took its place
} else {
  keepViewed([]); // without consent, or after it was taken back, nothing is kept
  if (navigator.globalPrivacyControl) document.querySelector("[data-consent-line]")?.remove();
}
