/* What an element asks for, read from its attributes and from the page. */

import { HOME, SECRET, SECRET_SHOWN } from "./addresses.js";
import { whenDecided } from "./consent.js";
import { LAYOUTS } from "./layouts.js";
import { findPageSku, readSelected } from "./page-sku.js";
import { readRecent } from "./recent.js";

const DEFAULT_LIMIT = 8;
const MOST = 100;
const FOR_VISITOR = "personal"; // goes by what a visitor did
const WITHOUT_ANCHOR = ["popular", "recent", "trending", FOR_VISITOR]; // strategies that compare with nothing

export function readApi(element) {
  return (element.getAttribute("api") || HOME || location.origin).replace(/\/+$/, "");
}

/* The first that is a language: what is none, such as en_GB.UTF-8, can be sent in no header and formats no price. */
export function readLanguage(element) {
  const said = [element.getAttribute("locale"), element.closest("[lang]")?.lang, document.documentElement.lang, navigator.language];
  return said.map(tidyLanguage).find(Boolean) || "en";
}

function tidyLanguage(said) {
  try {
    return Intl.getCanonicalLocales((said ?? "").replace(/[.@].*/, "").replaceAll("_", "-"))[0];
  } catch {
    return "";
  }
}

export function readLayout(element) {
  const layout = element.getAttribute("layout");
  return LAYOUTS.includes(layout) ? layout : LAYOUTS[0];
}

export function readLimit(element) {
  return Math.min(Math.max(Number.parseInt(element.getAttribute("limit"), 10) || DEFAULT_LIMIT, 1), MOST);
}

export function readPlacement(element) {
  return element.getAttribute("placement") || "widget";
}

/* {api, key, language, anchors, query, isForPage}, and `asked` where it is for a visitor; throws where it takes a product and
 * none is named. */
export function readWish(element) {
  let strategy = element.getAttribute("strategy") || "";
  const key = element.getAttribute("key") || "";
  if (key.startsWith(SECRET)) throw new Error(SECRET_SHOWN);
  const { anchors, isForPage } = readAnchors(element);
  if (!anchors.length && !WITHOUT_ANCHOR.includes(strategy)) throw new Error(explainNoSku(element));
  const query = new URLSearchParams(element.getAttribute("params") || "");
  query.delete("fields"); // a card shows them all
  const limit = readLimit(element);
  const placement = readPlacement(element);
  const wish = { api: readApi(element), key, language: readLanguage(element), anchors, isForPage };
  if (strategy === FOR_VISITOR) {
    const recent = readRecent();
    if (recent.length) wish.asked = { id: strategy, strategy, limit, placement, recent, filters: Object.fromEntries(query) };
    strategy = "popular"; // of somebody who has not agreed, or has seen nothing yet
  }
  query.set("limit", limit);
  query.set("placement", placement);
  if (strategy) query.set("strategy", strategy);
  return { ...wish, query: String(query) };
}

/* A list that is given, as of a cart; else the one product that the page is about. */
function readAnchors(element) {
  const given = element.getAttribute("anchors");
  const strategy = element.getAttribute("strategy");
  if (given !== null) return { anchors: splitAnchors(given), isForPage: false };
  const selector = element.getAttribute("sku-from");
  let sku = (element.getAttribute("sku") || "").trim();
  if (!sku && selector) sku = readSelected(selector);
  else if (!sku && !WITHOUT_ANCHOR.includes(strategy)) sku = findPageSku();
  return { anchors: sku ? [sku] : [], isForPage: true };
}

/* "A, B" or, for SKUs with commas, ["A,1", "B"]. */
function splitAnchors(given) {
  let skus = given.split(",");
  if (given.trim().startsWith("[")) {
    try {
      skus = JSON.parse(given);
    } catch {
      throw new Error(`anchors="${given}" is neither a list with commas nor JSON`);
    }
  }
  return [...new Set(skus.map((sku) => String(sku).trim()).filter(Boolean))].slice(-MOST);
}

function explainNoSku(element) {
  if (element.hasAttribute("anchors")) return "anchors names no product, so there is nothing to show yet";
  if (element.hasAttribute("sku-from")) return `sku-from="${element.getAttribute("sku-from")}" finds no SKU on this page`;
  return 'no sku. Say sku="...", or sku-from="[data-sku]", or have the page say it: JSON-LD (Product, sku), <meta property="product:retailer_item_id">';
}
