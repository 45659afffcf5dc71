/* <kindred-similar sku="MUG-101" limit="8" api="https://shop.example"></kindred-similar>
 *
 * A row of similar products for any page: <script type="module" src="https://shop.example/widgets/kindred.js"></script>
 * In the head, with blocking="render" beside type, the page keeps room for the row from its first frame on, and what
 * stands below does not move. A Content-Security-Policy of the page has to name the shop in script-src, connect-src and
 * img-src, and nothing else: no style is written into the page. The shop has to name the page's origin in its setting
 * CORS_ALLOWED_ORIGINS; where no answer may be read, the console says which.
 *
 * Attributes: sku (required), limit (default 8), api (default: where this script came from), key (a publishable API
 * key), heading (default by the page's language), strategy, and params (more query parameters, "in_stock=true&brand=Halla").
 * Events: kindred-loaded {recommendationId, count}, kindred-click {recommendationId, sku, position}, kindred-error {message}.
 * Style it with ::part(heading|list|card|picture|title|price|list-price|badge) and --kindred-width, --kindred-gap, --kindred-radius.
 */

const HOME = new URL(import.meta.url).origin;
const FAILED = "kindred-failed:"; // before the address of a shop
const WORDS = {
  en: { heading: "Similar products", soldOut: "Out of stock", before: "Price before:" },
  zh: { heading: "相似商品", soldOut: "缺货", before: "原价：" },
  de: { heading: "Ähnliche Produkte", soldOut: "Ausverkauft", before: "Vorher:" },
  fr: { heading: "Produits similaires", soldOut: "Épuisé", before: "Ancien prix :" },
};
const SHEET = new CSSStyleSheet(); // unlike a <style>, allowed by any policy
SHEET.replaceSync(`
  :host { display: block; font: inherit; color: inherit; }
  :host([hidden]) { display: none; }
  h2 { font: inherit; font-size: 1.25em; font-weight: 600; margin: 0 0 .75em; }
  ul { list-style: none; margin: 0; padding: 0; display: grid; gap: var(--kindred-gap, 1rem);
       grid-template-columns: repeat(auto-fill, minmax(min(var(--kindred-width, 10rem), 45%), 1fr)); }
  a { display: block; color: inherit; text-decoration: none; height: 100%; }
  a:focus-visible { outline: 3px solid currentColor; outline-offset: 3px; border-radius: var(--kindred-radius, 8px); }
  a:hover .title { text-decoration: underline; text-underline-offset: .2em; }
  .picture { position: relative; display: block; aspect-ratio: 1; overflow: hidden; margin-bottom: .5em;
             border-radius: var(--kindred-radius, 8px); background: rgb(128 128 128 / .12); }
  img { width: 100%; height: 100%; object-fit: contain; }
  .title, .price { display: block; overflow-wrap: anywhere; line-height: 1.4; overflow: hidden; }
  .title { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; height: 2.8em; }
  .price { font-weight: 600; margin-top: .2em; height: 1.4em; }
  del { font-weight: 400; font-size: .9em; opacity: .75; }
  .badge { position: absolute; left: .5em; top: .5em; font-size: .75em; padding: .2em .6em; border-radius: 99px;
           background: #222; color: #fff; }
  .sold-out img { opacity: .6; }
`);

class KindredSimilar extends HTMLElement {
  static observedAttributes = ["sku", "limit", "api", "key", "heading", "strategy", "params"];
  #request = null;

  connectedCallback() {
    if (!this.shadowRoot) this.attachShadow({ mode: "open" }).adoptedStyleSheets = [SHEET];
    if (this.getAttribute("sku") && !this.shadowRoot.firstChild && !this.#hasFailed()) this.#keepRoom();
    this.#schedule();
  }

  disconnectedCallback() {
    this.#request?.abort();
  }

  attributeChangedCallback(name, before, after) {
    if (this.isConnected && before !== after) this.#schedule();
  }

  /* Several attributes that change together are one request. */
  #schedule() {
    this.#request?.abort();
    const request = (this.#request = new AbortController());
    queueMicrotask(() => {
      if (!request.signal.aborted) this.#load(request.signal);
    });
  }

  async #load(signal) {
    const sku = this.getAttribute("sku");
    if (!sku) return this.shadowRoot.replaceChildren();
    try {
      const key = this.getAttribute("key");
      const headers = { "Accept-Language": this.#language(), ...(key && { "X-Api-Key": key }) };
      const response = await fetch(this.#address(sku), { signal, headers });
      if (!response.ok) throw new Error(`The shop answered ${response.status}`);
      this.#show(await response.json());
      this.#remember(false);
    } catch (error) {
      if (signal.aborted) return;
      this.#replace([]); // a page without recommendations is still a page
      if (error instanceof TypeError) this.#remember(true); // nothing could be read
      const message = this.#explain(error);
      console.error(`<kindred-similar sku="${sku}">: ${message}`);
      this.#tell("kindred-error", { message });
    }
  }

  /* Browsers tell a script neither that an answer was kept from it nor why: it looks like a shop that is down. */
  #explain(error) {
    const api = URL.canParse(this.#api()) ? new URL(this.#api()).origin : location.origin;
    if (!(error instanceof TypeError) || api === location.origin) return String(error.message || error);
    return `no answer from ${api} could be read. If the shop is up, allow this page: CORS_ALLOWED_ORIGINS=${location.origin}`;
  }

  /* Where a shop has not answered the visitor's last page, such as one that does not allow the site yet, the next ones
   * keep no room for it. */
  #hasFailed() {
    try {
      return sessionStorage.getItem(FAILED + this.#api()) !== null;
    } catch {
      return false; // a browser that keeps nothing for this page
    }
  }

  #remember(failed) {
    try {
      if (failed) sessionStorage.setItem(FAILED + this.#api(), "");
      else sessionStorage.removeItem(FAILED + this.#api());
    } catch {} // as above
  }

  /* Cards without content, as high as those to come, so that the page does not move when they do. */
  #keepRoom() {
    const count = Math.min(Math.max(Number.parseInt(this.getAttribute("limit"), 10) || 8, 1), 100);
    const cards = Array.from({ length: count }, () => {
      const card = make("li", {});
      card.append(make("span", { class: "picture" }), make("span", { class: "title" }), make("span", { class: "price" }));
      return card;
    });
    this.shadowRoot.replaceChildren(this.#section(cards, { "aria-busy": "true" }));
  }

  /* Room that is not needed is given back once nobody is looking: else the page would move under their eyes. */
  #replace(content) {
    const { top, height } = this.getBoundingClientRect();
    this.shadowRoot.replaceChildren(...content);
    const room = make("div", { "aria-hidden": "true" });
    if (top >= innerHeight || this.offsetHeight >= height) return;
    room.style.height = `${height - this.offsetHeight}px`;
    this.shadowRoot.append(room);
    const watch = new IntersectionObserver(([seen]) => {
      if (seen.isIntersecting) return;
      watch.disconnect();
      room.remove();
    });
    watch.observe(this);
  }

  #section(items, attributes) {
    const section = make("section", { "aria-labelledby": "heading", ...attributes });
    section.append(make("h2", { id: "heading", part: "heading" }, this.getAttribute("heading") || this.#words().heading));
    const list = make("ul", { part: "list", role: "list" });
    list.append(...items);
    section.append(list);
    return section;
  }

  #words() {
    return WORDS[this.#language().split("-")[0]] || WORDS.en;
  }

  #api() {
    return (this.getAttribute("api") || HOME).replace(/\/+$/, "");
  }

  #address(sku) {
    const url = new URL(`${this.#api()}/api/v1/products/${encodeURIComponent(sku)}/similar/`);
    url.search = this.getAttribute("params") || "";
    url.searchParams.set("limit", this.getAttribute("limit") || "8");
    const strategy = this.getAttribute("strategy");
    url.searchParams.set("placement", "widget");
    if (strategy) url.searchParams.set("strategy", strategy);
    return url;
  }

  #show(answer) {
    const items = answer.results.map((result) => {
      const link = this.#card(result);
      const detail = { recommendationId: answer.recommendation_id, sku: result.sku, position: result.position };
      link.addEventListener("click", () => this.#tell("kindred-click", detail));
      const item = make("li", {});
      item.append(link);
      return item;
    });
    this.#replace(items.length ? [this.#section(items, {})] : []);
    this.#tell("kindred-loaded", { recommendationId: answer.recommendation_id, count: answer.results.length });
  }

  #card(result) {
    const price = result.price === null ? "" : this.#money(result.price, result.currency);
    const words = this.#words();
    const soldOut = result.in_stock ? "" : words.soldOut;
    const before = result.list_price ? `${words.before} ${this.#money(result.list_price, result.currency)}` : "";
    const name = [result.title, price, before, soldOut, result.sku].filter(Boolean).join(", "); // no two cards have the same
    const link = make("a", { href: safeAddress(result.url), part: "card", "aria-label": name });
    link.classList.toggle("sold-out", soldOut !== "");
    const picture = make("span", { class: "picture", part: "picture" });
    if (result.image_url) {
      const size = { width: 640, height: 640, loading: "lazy", decoding: "async" };
      picture.append(make("img", { src: safeAddress(result.image_url), alt: result.title, ...size }));
    }
    if (soldOut) picture.append(make("span", { class: "badge", part: "badge" }, soldOut));
    const title = make("span", { class: "title", part: "title" }, result.title);
    const cost = make("span", { class: "price", part: "price" }, price);
    if (result.list_price) {
      cost.append(" ", make("del", { part: "list-price" }, this.#money(result.list_price, result.currency)));
    }
    link.append(picture, title, cost);
    return link;
  }

  #money(price, currency) {
    try {
      return new Intl.NumberFormat(this.#language(), { style: "currency", currency }).format(price);
    } catch {
      return `${currency} ${price}`.trim(); // no currency, or one that the browser does not know
    }
  }

  #language() {
    return (this.closest("[lang]")?.lang || navigator.language || "en").replaceAll("_", "-");
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

/* Text goes in as text: nothing that the API answers with is parsed as HTML. */
function make(name, attributes, text) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "boolean") element.toggleAttribute(key, value);
    else if (value !== "") element.setAttribute(key, value);
  }
  if (text !== undefined) element.textContent = text;
  return element;
}

function safeAddress(address) {
  return /^https?:/i.test(address) ? address : "#";
}

if (!customElements.get("kindred-similar")) customElements.define("kindred-similar", KindredSimilar);
