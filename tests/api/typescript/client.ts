// What an app does with the generated types: tests/api/test_clients.py compiles this and runs it against a live server.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

declare const process: { argv: string[] };

type Product = components["schemas"]["Product"];

const [, , baseUrl, key] = process.argv;
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });

function need<T>(answer: { data?: T; error?: { detail: string } }): T {
  if (answer.data === undefined) throw new Error(answer.error?.detail ?? "no data");
  return answer.data;
}

const path = { sku: "A/1" };
const made: Product = need(
  await client.PUT("/api/v1/products/{sku}/", {
    params: { path },
    body: { sku: "A/1", title: "Vase", price: "24.00", currency: "EUR", attributes: { colour: "blue" } },
  }),
);
const changed = need(await client.PATCH("/api/v1/products/{sku}/", { params: { path }, body: { stock: 0 } }));
const bulk = need(
  await client.POST("/api/v1/products/bulk/", { body: { products: [{ sku: "B", title: "Bowl" }, { sku: "C" }] } }),
);
const page = need(
  await client.GET("/api/v1/products/", { params: { query: { in_stock: true, fields: ["sku", "title"] } } }),
);
const missing = await client.GET("/api/v1/products/{sku}/", { params: { path: { sku: "NONE" } } });
const similar = await client.GET("/api/v1/products/{sku}/similar/", { params: { path: { sku: "NONE" } } });

console.log(
  JSON.stringify({
    made: [made.sku, made.price, made.in_stock],
    changed: [changed.stock, changed.title],
    outcomes: bulk.results.map((item) => item.outcome),
    inStock: page.results.map((product) => product.sku),
    missing: missing.error?.code,
    similarOfUnknown: similar.response.status,
  }),
);
