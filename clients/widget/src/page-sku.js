/* The SKU of the product that a page is about, as the page itself says it: to this script, to search engines, to others. */

const PRODUCT = /(^|[/:#])(Product|ProductGroup|IndividualProduct|ProductModel|SomeProducts)$/;
const METAS = [
  'meta[property="product:retailer_item_id"]', '[itemprop="sku"]', 'meta[name="sku"]', '[itemprop="mpn"]', '[itemprop="productID"]',
];

/* Of what `selector` finds: the attribute that it ends in, as in [data-sku], else what a field or a meta holds, else text. */
export function readSelected(selector) {
  let found;
  try {
    found = document.querySelector(selector);
  } catch {
    throw new Error(`sku-from="${selector}" is not a selector such as [data-sku] or #sku`);
  }
  const named = /\[\s*([\w-]+)[^\]]*\]\s*$/.exec(selector)?.[1];
  return found ? tidy((named && found.getAttribute(named)) || readValue(found)) : "";
}

export function findPageSku() {
  return readJsonLd() || METAS.map((meta) => document.querySelector(meta)).filter(Boolean).map(readValue).map(tidy).find(Boolean) || "";
}

function readValue(element) {
  return element.value ?? element.getAttribute("content") ?? element.textContent;
}

function tidy(value) {
  return String(value ?? "").trim().replace(/^(sku|mpn):/i, "").slice(0, 100);
}

function readJsonLd() {
  for (const script of document.querySelectorAll('script[type="application/ld+json" i]')) {
    try {
      const product = findProduct(JSON.parse(script.textContent));
      const sku = product && readProduct(product);
      if (sku) return sku;
    } catch {} // a shop's broken JSON is not ours to report
  }
  return "";
}

/* Products beside others in a list, such as an ItemList or isRelatedTo, are not what the page is about. */
function findProduct(node) {
  if (Array.isArray(node)) return node.map(findProduct).find(Boolean);
  if (!node || typeof node !== "object") return undefined;
  if ([node["@type"]].flat().some((type) => PRODUCT.test(type))) return node;
  return findProduct(node["@graph"]) || findProduct(node.mainEntity);
}

/* A group has no SKU of its own in most shops: then it is that of the variant of this address, or of the first. */
function readProduct(product) {
  const own = tidy(product.sku || product.mpn || product.productID);
  const variants = [product.hasVariant].flat().filter(Boolean);
  const here = variants.find((variant) => isThisPage(variant.url || [variant.offers].flat()[0]?.url)) || variants[0];
  const group = /ProductGroup$/.test([product["@type"]].flat().join());
  if (group && here) return readProduct(here) || own;
  return own || tidy([product.offers].flat()[0]?.sku);
}

/* Whatever else is in the address that the visitor came by, such as the name of a campaign. */
function isThisPage(address) {
  try {
    const here = new URL(location);
    const { origin, pathname, searchParams } = new URL(address, here);
    return origin + pathname === here.origin + here.pathname && [...searchParams].every(([name, value]) => here.searchParams.get(name) === value);
  } catch {
    return false;
  }
}
