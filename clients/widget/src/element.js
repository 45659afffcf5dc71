/* <kindred-similar>: a list of products like one product, like a cart, or popular ones. docs/widget.md has every attribute. */

import { buildCard, buildEmptyCard, describeResult } from "./card.js";
import { findTarget, readDirection } from "./carousel.js";
import { hearElement, recall, remember } from "./consent.js";
import { recordEvent } from "./events.js";
import { forgetItems, watchItem } from "./impressions.js";
import { buildSection } from "./layouts.js";
import { make } from "./make.js";
import { forgetNear, whenNear } from "./near.js";
import { askList, explainFailure, isUnread } from "./request.js";
import { keepHeight } from "./room.js";
import css from "./styles.css";
import { fillTemplate, findTemplate, isOpening } from "./template.js";
import { viewProduct } from "./views.js";
import { openWhy } from "./why.js";
import { readApi, readLanguage, readLayout, readLimit, readPlacement, readWish } from "./wish.js";
import { findWords } from "./words.js";

const FAILED = "kindred-failed:"; // before the address of a shop
let sheet; // unlike a <style>, allowed by any policy

function getSheet() {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
  }
  return sheet;
}

export class KindredSimilar extends (globalThis.HTMLElement ?? Object) {
  static observedAttributes = ["sku", "sku-from", "anchors", "strategy", "placement", "locale", "key", "limit", "params", "api", "heading", "layout", "consent", "theme", "why", "no-view"];
  #turn = null; // what the newest request is known by
  #wish = null;
  #list = null;
  #items = []; // of the list that is shown
  #slotted = []; // cards that stand in the page
  #counted = new Set(); // lists and positions that have been seen

  /* The answer that is shown, as the API gave it; null before. */
  get recommendations() {
    return this.#list;
  }

  connectedCallback() {
    if (!this.shadowRoot) this.attachShadow({ mode: "open" }).adoptedStyleSheets = [getSheet()];
    if (this.hasAttribute("consent")) hearElement(this.getAttribute("consent"));
    this.refresh();
  }

  disconnectedCallback() {
    this.#turn = null;
    forgetNear(this);
    forgetItems(this.#items);
  }

  attributeChangedCallback(name, before, after) {
    if (!this.isConnected || before === after) return;
    if (name === "consent") hearElement(after);
    else if (name !== "theme" && name !== "no-view") this.refresh();
  }

  /* Ask again, such as when the page has come to be about another product. Changes that come together are one request. */
  refresh() {
    const turn = (this.#turn = {});
    queueMicrotask(() => turn === this.#turn && this.#begin(turn));
  }

  /* Record that a product was put into the cart: one of the list, or any other. */
  addToCart(sku, quantity = 1) {
    const result = this.#list?.results.find((one) => one.sku === sku) ?? { sku };
    this.#record("add_to_cart", result, { quantity });
  }

  #begin(turn) {
    const keepsRoom = !this.shadowRoot.firstChild && recall(FAILED + readApi(this)) === null;
    if (document.readyState === "loading") {
      // What the page says of its product, and the template, may be still to come.
      if (keepsRoom && (this.getAttribute("sku") || this.getAttribute("anchors"))) this.#keepRoom();
      document.addEventListener("DOMContentLoaded", () => turn === this.#turn && this.#begin(turn), { once: true });
      return;
    }
    try {
      this.#wish = readWish(this);
    } catch (error) {
      this.#clear();
      return this.#complain(error.message, "warn");
    }
    if (this.#wish.isForPage && !this.hasAttribute("no-view")) viewProduct(this.#wish);
    if (keepsRoom) this.#keepRoom();
    whenNear(this, () => this.#load(turn));
  }

  async #load(turn) {
    const wish = this.#wish;
    try {
      const list = await askList(wish);
      if (turn !== this.#turn) return;
      this.#show(list);
      if (recall(FAILED + wish.api) !== null) remember(FAILED + wish.api, null);
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#clear(); // a page without recommendations is still a page
      if (isUnread(error)) remember(FAILED + wish.api, ""); // the visit's next pages keep no room
      this.#complain(explainFailure(error, wish.api), "error");
    }
  }

  #complain(message, level) {
    const sku = this.getAttribute("sku");
    console[level](`<kindred-similar${sku ? ` sku="${sku}"` : ""}>: ${message}`);
    this.#tell("kindred-error", { message });
  }

  #clear() {
    this.#list = null;
    this.#replace([]);
  }

  #replace(items, isBusy = false) {
    forgetItems(this.#items);
    const template = findTemplate(this);
    const slotted = this.#slotted;
    const focused = this.#items.findIndex((item) => item.matches(":focus-within"));
    this.#slotted = template ? items.map(({ card }) => card) : [];
    this.#items = items.map(({ card, extra }, place) => this.#buildItem(card, { extra, isSlotted: template, slot: `kindred-${place + 1}` }));
    keepHeight(this, () => {
      this.shadowRoot.replaceChildren(...this.#buildContent(isBusy));
      for (const card of slotted) card.remove();
      this.append(...this.#slotted);
    });
    const item = this.#items[Math.min(focused, items.length - 1)]; // such as of a cart that a button has just added to
    item && findTarget(item)?.focus({ preventScroll: true });
  }

  /* Every card stands in a slot, so that a page may put one of its own there. */
  #buildItem(card, { extra, isSlotted, slot }) {
    if (isSlotted) card.slot = slot;
    const content = isSlotted ? [] : [card, ...extra];
    return make(readLayout(this) === "carousel" ? "div" : "li", { part: "item", class: "item" }, make("slot", { name: slot }, ...content));
  }

  #buildContent(isBusy) {
    if (!this.#items.length) return this.#list ? [make("slot", { name: "empty" })] : [];
    const words = this.#words();
    const heading = this.getAttribute("heading") || words[this.#list?.strategy ?? this.getAttribute("strategy")] || this.#list?.heading || words.similar;
    const section = buildSection(this.#items, { layout: readLayout(this), heading, words, isBusy });
    section.classList.toggle("rtl", readDirection(this) < 0);
    return [section];
  }

  #keepRoom() {
    const template = findTemplate(this);
    const build = () => ({ card: template ? fillTemplate(template, null) : buildEmptyCard(), extra: this.hasAttribute("why") ? [this.#buildWhy()] : [] });
    this.#replace(Array.from({ length: readLimit(this) }, build), true);
  }

  #show(list) {
    this.#list = list;
    this.#replace(list.results.map((result) => this.#buildCard(result)));
    this.#items.forEach((item, place) => this.#listen(item, list.results[place]));
    this.#tell("kindred-loaded", { recommendationId: list.recommendation_id, count: list.results.length });
  }

  #buildCard(result) {
    const said = describeResult(result, { words: this.#words(), language: readLanguage(this) });
    const template = findTemplate(this);
    const wish = this.#wish; // not that of a later list, while this one is still shown
    const [anchor, other] = wish.anchors;
    const isCompared = anchor && !other && result.similarity !== null;
    const why = isCompared && ((button) => openWhy(button, { root: this.shadowRoot, wish, pair: [anchor, result.sku], words: this.#words() }));
    const cart = () => this.#putIntoCart(result);
    if (template) return { card: fillTemplate(template, said, { why, cart }) };
    return { card: buildCard(said), extra: this.hasAttribute("why") && why ? [this.#buildWhy(said.title, why)] : [] };
  }

  #buildWhy(title = "", act = null) {
    const { why } = this.#words();
    const button = make("button", { type: "button", class: "why", part: "why", "aria-haspopup": "dialog", "aria-label": title && `${why} ${title}` }, why);
    button.addEventListener("click", () => act?.(button));
    return button;
  }

  #putIntoCart(result) {
    this.addToCart(result.sku);
    this.#tell("kindred-cart", this.#describe(result));
  }

  #listen(item, result) {
    const open = (event) => {
      if (event.button > 1 || !isOpening(event, item)) return;
      this.#tell("kindred-click", this.#describe(result));
      this.#record("click", result);
    };
    item.addEventListener("click", open);
    item.addEventListener("auxclick", open); // the middle button
    const name = `${this.#list.recommendation_id}/${result.position}`;
    if (this.#counted.has(name)) return;
    watchItem(item, () => {
      this.#counted.add(name);
      this.#record("impression", result);
    });
  }

  #describe({ sku, position }) {
    return { recommendationId: this.#list.recommendation_id, sku, position };
  }

  #record(type, { sku, position }, more = {}) {
    const list = position ? { recommendation_id: this.#list.recommendation_id, position, strategy: this.#list.strategy } : {};
    const to = this.#wish ?? { api: readApi(this), key: this.getAttribute("key") };
    recordEvent(to, { type, sku, placement: readPlacement(this), ...list, ...more });
  }

  #words() {
    return findWords(readLanguage(this));
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}
