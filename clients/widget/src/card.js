/* The card of one product, as the widget makes it where the page brings no template of its own. */

import { safeAddress } from "./addresses.js";
import { make } from "./make.js";
import { formatPrice } from "./words.js";

export const LAZY = { loading: "lazy", decoding: "async" }; // before the address, which Firefox and Safari begin to load at once

/* What a card says of a result, ready to be shown. `name` is what a link is called: no two cards have the same. */
export function describeResult(result, { words, language }) {
  const { title, sku, currency } = result;
  const price = formatPrice(result.price, { currency, language });
  const listPrice = formatPrice(result.list_price, { currency, language });
  const badge = result.in_stock === false ? words.soldOut : "";
  const name = [title, price, listPrice && `${words.before} ${listPrice}`, badge, sku].filter(Boolean).join(", ");
  const address = safeAddress(result.url);
  const picture = result.image_url ? safeAddress(result.image_url) : "";
  return { title, sku, price, "list-price": listPrice, badge, name, address, picture, reason: result.reasons?.[0]?.text ?? "", position: result.position };
}

export function buildCard(said) {
  const link = make("a", { href: said.address, part: "card", "aria-label": said.name, class: said.badge ? "sold-out" : "" });
  const picture = make("span", { class: "picture", part: "picture" });
  if (said.picture) {
    picture.append(make("img", { ...LAZY, width: 640, height: 640, alt: said.title, src: said.picture }));
  }
  if (said.badge) picture.append(make("span", { class: "badge", part: "badge" }, said.badge));
  const price = make("span", { class: "price", part: "price" }, said.price);
  if (said["list-price"]) price.append(" ", make("del", { part: "list-price" }, said["list-price"]));
  link.append(picture, make("span", { class: "title", part: "title" }, said.title), price);
  return link;
}

/* As high as a card to come, so that the page does not move when it does. */
export function buildEmptyCard() {
  const names = ["picture", "title", "price"];
  return make("span", { class: "card", part: "skeleton" }, ...names.map((name) => make("span", { class: name })));
}
