/* Types of the widget: the element, its events, `window.kindred`, and the element in JSX. docs/widget.md explains each. */

/** One product of a list, as Kindred's API answers it. */
export interface KindredProduct {
  /** Place in the list, from 1. */
  position: number;
  sku: string;
  title: string;
  /** The shop's own page of the product, else the page that Kindred has of it. */
  url: string;
  /** null: it has no picture. */
  image_url: string | null;
  /** null: the shop names none. A decimal number as text, such as "24.00", or a number. */
  price: string | number | null;
  list_price?: string | number | null;
  currency: string;
  in_stock: boolean;
  /** 0 is best; null where the list compares with nothing. */
  distance: number | null;
  /** 1 - distance. */
  similarity: number | null;
  score: number | null;
  reasons: { text?: string; [name: string]: unknown }[];
  [field: string]: unknown;
}

/** A list as Kindred's API answers it. */
export interface KindredList {
  recommendation_id: string;
  strategy: string;
  anchors: string[];
  fallback_used: boolean;
  results: KindredProduct[];
  [field: string]: unknown;
}

/** `detail` of kindred-loaded. */
export interface KindredLoaded {
  recommendationId: string;
  /** How many products are shown; 0 where there is nothing to show. */
  count: number;
}

/** `detail` of kindred-click and kindred-cart. */
export interface KindredChoice {
  recommendationId: string;
  sku: string;
  /** Place in the list, from 1. */
  position: number;
}

/** `detail` of kindred-error. The console says the same. */
export interface KindredFailure {
  message: string;
}

export interface KindredEventMap {
  "kindred-loaded": CustomEvent<KindredLoaded>;
  "kindred-click": CustomEvent<KindredChoice>;
  "kindred-cart": CustomEvent<KindredChoice>;
  "kindred-error": CustomEvent<KindredFailure>;
}

export type KindredLayout = "grid" | "carousel" | "compact";

/** Attributes of `<kindred-similar>`, as HTML writes them. */
export interface KindredAttributes {
  sku?: string;
  /** A selector of what says the SKU, such as "[data-sku]". */
  "sku-from"?: string;
  /** SKUs with commas between, or as JSON: what a cart holds. */
  anchors?: string;
  strategy?: string;
  placement?: string;
  locale?: string;
  /** A publishable API key. */
  key?: string;
  limit?: number | string;
  /** More parameters of the API, such as "in_stock=true&brand=Halla". */
  params?: string;
  /** Address of the Kindred server. */
  api?: string;
  heading?: string;
  layout?: KindredLayout;
  consent?: "granted" | "analytics" | "";
  theme?: "light" | "dark" | "";
  /** Present: each card has a button that says why it is in the list. */
  why?: boolean | "";
  /** Present: the view of the page's own product is not recorded. */
  "no-view"?: boolean | "";
}

export interface KindredSimilarElement extends HTMLElement {
  /** The list that is shown; null before it came, and where none could be had. */
  readonly recommendations: KindredList | null;
  /** Ask again, such as when the page has come to be about another product. */
  refresh(): void;
  /** Record that a product was put into the cart. */
  addToCart(sku: string, quantity?: number): void;
  addEventListener<K extends keyof KindredEventMap>(
    type: K,
    listener: (this: KindredSimilarElement, event: KindredEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener<K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (this: KindredSimilarElement, event: HTMLElementEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
}

export type KindredEventType =
  | "impression"
  | "click"
  | "view"
  | "add_to_cart"
  | "remove_from_cart"
  | "wishlist"
  | "purchase"
  | "search"
  | "dismiss";

/** What an event may say beside its type. */
export interface KindredEventValues {
  /** Required, but for a search. */
  sku?: string;
  /** What was searched for; of a search alone. */
  query?: string;
  quantity?: number;
  /** Of one piece, such as "24.00". */
  price?: string | number;
  /** ISO 4217, such as "EUR". */
  currency?: string;
  /** What the shop calls the order: what was bought together. */
  orderId?: string;
  position?: number;
  placement?: string;
  strategy?: string;
  recommendationId?: string;
}

/** "analytics": to be counted, and no more. */
export type KindredAgreement = boolean | "granted" | "analytics";
export type KindredConsent = KindredAgreement | (() => KindredAgreement | Promise<KindredAgreement>);

/** `window.kindred`. */
export interface Kindred {
  readonly version: number;
  /** Whether the visitor agrees to be counted: a value, or a function that is asked. */
  consent?: KindredConsent;
  /** What that came to. */
  readonly granted: boolean;
  /** The visitor agrees, or to be counted and no more. */
  grant(what?: "analytics"): void;
  /** The visitor does not agree any more: what was stored goes, what was not sent is forgotten. */
  withdraw(): void;
  /** Record what happened outside of the lists. A text is a SKU, or what was searched for. */
  track(type: KindredEventType, what: string | KindredEventValues | (string | KindredEventValues)[]): void;
  /** Send what waits to be sent. */
  flush(): void;
  /** Where `track` sends to on a page without a widget. */
  api?: string;
  key?: string;
}

/** What a page may say of itself, before the script comes or after it. */
export interface KindredSettings {
  consent?: KindredConsent;
  api?: string;
  key?: string;
}

declare global {
  interface Window {
    get kindred(): Kindred | undefined;
    set kindred(said: KindredSettings | undefined);
  }
  interface HTMLElementTagNameMap {
    "kindred-similar": KindredSimilarElement;
  }
  interface HTMLElementEventMap extends KindredEventMap {}
  interface DocumentEventMap extends KindredEventMap {}
}
