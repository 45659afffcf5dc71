/* What the server says of products: asked for once, several at a time. */
export class Products {
  constructor(url) {
    this.url = url;
    this.known = new Map();
  }

  async read(ids) {
    const unknown = ids.filter((id) => !this.known.has(id));
    if (unknown.length) {
      const response = await fetch(`${this.url}?ids=${unknown.join(",")}`, { credentials: "same-origin" });
      if (!response.ok || response.redirected) return [];
      for (const product of (await response.json()).products) this.known.set(product.id, product);
    }
    return ids.map((id) => this.known.get(id)).filter(Boolean);
  }
}

export function makeCard(product) {
  const link = document.createElement("a");
  link.href = product.url;
  const [title, sku] = ["strong", "span"].map((name) => document.createElement(name));
  title.textContent = product.title;
  sku.textContent = product.sku;
  if (product.picture) {
    const picture = document.createElement("img");
    Object.assign(picture, { src: product.picture, alt: "", width: 120, height: 120 });
    link.append(picture);
  }
  link.append(title, sku);
  return link;
}
