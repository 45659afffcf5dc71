/* <kindred-similar sku="MUG-101" limit="8" api="https://shop.example"></kindred-similar>
 *
 * A row of similar products for any page: <script type="module" src="https://shop.example/widgets/kindred.js"></script>
 *
 * Attributes: sku (required), limit (default 8), api (default: where this script came from), key (a publishable API
 * key), heading (default by the page's language), strategy, and params (more query parameters, "in_stock=true&brand=Halla").
 * Events: kindred-loaded {recommendationId, count}, kindred-click {recommendationId, sku, position}, kindred-error {message}.
 * Style it with ::part(heading|list|card|picture|title|price|list-price|badge) and --kindred-width, --kindred-gap, --kindred-radius.
 */

const HOME = new URL(import.meta.url).origin;
const WORDS = {
  en: { heading: "Similar products", soldOut: "Out of stock", now: "Price now:", before: "Price before:" },
  zh: { heading: "相似商品", soldOut: "缺货", now: "现价：", before: "原价：" },
  de: { heading: "Ähnliche Produkte", soldOut: "Ausverkauft", now: "Jetzt:", before: "Vorher:" },
  fr: { heading: "Produits similaires", soldOut: "Épuisé", now: "Prix actuel :", before: "Ancien prix :" },
};
const STYLE = `
  :host { display: block; font: inherit; color: inherit; }
  :host([hidden]), section[hidden] { display: none; }
  h2 { font: inherit; font-size: 1.25em; font-weight: 600; margin: 0 0 .75em; }
  ul { list-style: none; margin: 0; padding: 0; display: grid; gap: var(--kindred-gap, 1rem);
       grid-template-columns: repeat(auto-fill, minmax(min(var(--kindred-width, 10rem), 45%), 1fr)); }
  a { display: block; color: inherit; text-decoration: none; height: 100%; }
  a:focus-visible { outline: 3px solid currentColor; outline-offset: 3px; border-radius: var(--kindred-radius, 8px); }
  a:hover .title { text-decoration: underline; text-underline-offset: .2em; }
  .picture { position: relative; display: block; aspect-ratio: 1; overflow: hidden; margin-bottom: .5em;
             border-radius: var(--kindred-radius, 8px); background: rgb(128 128 128 / .12); }
  img { width: 100%; height: 100%; object-fit: contain; }
  .title, .price { display: block; overflow-wrap: anywhere; }
  .price { font-weight: 600; margin-top: .2em; }
  ins { text-decoration: none; }
  del { font-weight: 400; font-size: .9em; opacity: .75; }
  .aloud { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  .badge { position: absolute; left: .5em; top: .5em; font-size: .75em; padding: .2em .6em; border-radius: 99px;
           background: #222; color: #fff; }
  .sold-out img { opacity: .6; }
`;

class KindredSimilar extends HTMLElement {
  static observedAttributes = ["sku", "limit", "api", "key", "heading", "strategy", "params"];
  #request = null;

  connectedCallback() {
    if (!this.shadowRoot) this.attachShadow({ mode: "open" });
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
      const response = await fetch(this.#address(sku), { signal, headers: key ? { "X-Api-Key": key } : {} });
      if (!response.ok) throw new Error(`The shop answered ${response.status}`);
      this.#show(await response.json());
    } catch (error) {
      if (signal.aborted) return;
      this.shadowRoot.replaceChildren(); // a page without recommendations is still a page
      this.#tell("kindred-error", { message: String(error.message || error) });
    }
  }

  #address(sku) {
    const api = (this.getAttribute("api") || HOME).replace(/\/+$/, "");
    const url = new URL(`${api}/api/v1/products/${encodeURIComponent(sku)}/similar/`);
    url.search = this.getAttribute("params") || "";
    url.searchParams.set("limit", this.getAttribute("limit") || "8");
    const strategy = this.getAttribute("strategy");
    if (strategy) url.searchParams.set("strategy", strategy);
    return url;
  }

  #show(answer) {
    const words = WORDS[this.#language().split("-")[0]] || WORDS.en;
    const section = make("section", { hidden: answer.results.length === 0, "aria-labelledby": "heading" });
    section.append(make("h2", { id: "heading", part: "heading" }, this.getAttribute("heading") || words.heading));
    const list = make("ul", { part: "list", role: "list" });
    for (const result of answer.results) {
      const link = this.#card(result, words);
      const detail = { recommendationId: answer.recommendation_id, sku: result.sku, position: result.position };
      link.addEventListener("click", () => this.#tell("kindred-click", detail));
      const item = make("li", {});
      item.append(link);
      list.append(item);
    }
    section.append(list);
    this.shadowRoot.replaceChildren(make("style", {}, STYLE), section);
    this.#tell("kindred-loaded", { recommendationId: answer.recommendation_id, count: answer.results.length });
  }

  #card(result, words) {
    const link = make("a", { href: safeAddress(result.url), part: "card", class: result.in_stock ? "" : "sold-out" });
    const picture = make("span", { class: "picture", part: "picture" });
    if (result.image_url) {
      const size = { width: 640, height: 640, loading: "lazy", decoding: "async" };
      picture.append(make("img", { src: safeAddress(result.image_url), alt: "", ...size }));
    }
    if (!result.in_stock) picture.append(make("span", { class: "badge", part: "badge" }, words.soldOut));
    link.append(picture, make("span", { class: "title", part: "title" }, result.title));
    if (result.price !== null) {
      link.append(this.#price(result, words));
    }
    return link;
  }

  /* What it costs, and struck out what it cost before; readers of pages aloud say which is which. */
  #price(result, words) {
    const price = make("span", { class: "price", part: "price" });
    const now = this.#money(result.price, result.currency);
    if (!result.list_price) {
      price.textContent = now;
      return price;
    }
    const before = this.#money(result.list_price, result.currency);
    const parts = [["ins", {}, words.now, now], ["del", { part: "list-price" }, words.before, before]];
    for (const [name, attributes, word, amount] of parts) {
      const part = make(name, attributes);
      part.append(make("span", { class: "aloud" }, `${word} `), amount);
      price.append(part, " ");
    }
    return price;
  }

  #money(price, currency) {
    try {
      return new Intl.NumberFormat(this.#language(), { style: "currency", currency }).format(price);
    } catch {
      return `${currency} ${price}`.trim(); // no currency, or one that the browser does not know
    }
  }

  #language() {
    return this.closest("[lang]")?.lang || navigator.language || "en";
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
