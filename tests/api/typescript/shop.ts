// A shop's app on the generated types: a product page, a cart, a search and a sync, under tsc --strict and without a cast.
// tests/api/test_clients.py compiles this and runs it against a live server.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

declare const process: { argv: string[] };

type Product = components["schemas"]["Product"];
type Recommendation = components["schemas"]["Recommendation"];
type ProductWrite = components["schemas"]["BulkItemRequest"];

const [, , baseUrl, key] = process.argv;
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });

function need<T>(answer: { data?: T; error?: { detail: string } }): T {
  if (answer.data === undefined) throw new Error(answer.error?.detail ?? "no data");
  return answer.data;
}

function show(item: Product | Recommendation): string {
  const price = item.price === null ? "" : ` ${item.price} ${item.currency}`;
  return `${item.title.toUpperCase()}${price}${item.in_stock ? "" : " (sold out)"}`;
}

async function sync(products: ProductWrite[]): Promise<string[]> {
  const bulk = need(await client.POST("/api/v1/products/bulk/", { body: { products } }));
  return bulk.results.map((item) => `${item.sku} ${item.outcome} ${item.errors.map((error) => error.field).join()}`.trim());
}

async function listAll(attr: string[]): Promise<Product[]> {
  const found: Product[] = [];
  let cursor: string | null = null;
  do {
    const query: { attr: string[]; page_size: number; cursor?: string } = { attr, page_size: 1 };
    if (cursor !== null) query.cursor = cursor;
    const page: components["schemas"]["ProductPage"] = need(await client.GET("/api/v1/products/", { params: { query } }));
    found.push(...page.results);
    cursor = page.next;
  } while (cursor !== null);
  return found;
}

async function openProductPage(sku: string) {
  const path = { sku };
  const product = need(await client.GET("/api/v1/products/{sku}/", { params: { path } }));
  const changed = need(await client.PATCH("/api/v1/products/{sku}/", { params: { path }, body: { stock: 0 } }));
  const similar = await client.GET("/api/v1/products/{sku}/similar/", { params: { path: { sku: "NONE" } } });
  return {
    product: show(product),
    category: product.category?.split("/") ?? [],
    pictures: product.images.map((image) => image.sizes["640"]),
    changed: show(changed),
    missing: similar.error?.code,
  };
}

async function openCart(skus: string[]) {
  const { placements } = need(
    await client.POST("/api/v1/recommendations/", {
      body: {
        placements: [
          { id: "new", strategy: "recent", exclude: skus, filters: { attr: ["colour:blue", "size\\:cm:9"], in_stock: true } },
          { id: "none", anchors: ["NONE"] },
        ],
      },
    }),
  );
  return placements.map(({ id, list, problem }) => ({
    id,
    shown: list?.results.map((item) => `${item.position} ${show(item)} ${item.reasons.map((reason) => reason.text)}`) ?? [],
    problem: problem?.code ?? null,
  }));
}

async function search(q: string) {
  const answer = need(
    await client.GET("/api/v1/search/", { params: { query: { q, mode: "full_text", attr: ["colour:blue", "colour:red"] } } }),
  );
  return { mode: answer.mode, found: answer.results.map(show) };
}

const first: ProductWrite = {
  sku: "A/1", title: "Vase", price: "24.00", currency: "EUR", category: "Decor/Vases", attributes: { colour: "blue" },
};
const outcomes = await sync([
  first,
  { sku: "B", title: "Bowl", attributes: { colour: "blue", "size:cm": 9 } },
  { sku: "C" },
  { sku: "D", title: "Blue dish", attributes: { colour: "green" } },
]);
const blue = (await listAll(["colour:blue"])).map((product) => product.sku);
console.log(
  JSON.stringify({
    outcomes,
    blue,
    page: await openProductPage("A/1"),
    cart: await openCart(["A/1"]),
    search: await search("bowl"),
  }),
);
