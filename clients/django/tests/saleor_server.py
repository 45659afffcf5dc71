"""A small server that answers as Saleor does: GraphQL by an excerpt of its schema, its keys, its signatures."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from graphql import build_schema, graphql_sync
from jwt.algorithms import RSAAlgorithm

SCHEMA = build_schema("""
type Query {
  products(
    channel: String, first: Int, after: String, last: Int, before: String, where: ProductWhereInput
  ): ProductCountableConnection
}
input ProductWhereInput { ids: [ID!] }
type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
type ProductCountableConnection { pageInfo: PageInfo! edges: [ProductCountableEdge!]! totalCount: Int }
type ProductCountableEdge { node: Product! cursor: String! }
type Product {
  id: ID! name: String! slug: String! description: String category: Category pricing: ProductPricingInfo
  attributes: [SelectedAttribute!]! variants: [ProductVariant!] media: [ProductMedia!]
}
type Category { name: String! ancestors(first: Int, after: String): CategoryCountableConnection }
type CategoryCountableConnection { edges: [CategoryCountableEdge!]! }
type CategoryCountableEdge { node: Category! }
type ProductPricingInfo { onSale: Boolean priceRange: TaxedMoneyRange priceRangeUndiscounted: TaxedMoneyRange }
type TaxedMoneyRange { start: TaxedMoney stop: TaxedMoney }
type TaxedMoney { currency: String! gross: Money! net: Money! }
type Money { amount: Float! currency: String! }
type SelectedAttribute { attribute: Attribute! values: [AttributeValue!]! }
type Attribute { name: String slug: String }
type AttributeValue { name: String }
type ProductVariant { id: ID! sku: String trackInventory: Boolean! quantityAvailable: Int }
type ProductMedia { url: String! type: ProductMediaType! alt: String! }
enum ProductMediaType { IMAGE VIDEO }
""")
MOST = 100


def money(amount):
    return {"start": {"gross": {"amount": amount, "currency": "USD"}}}


def make_product(number, *, name="Juice", **fields):
    return {
        "id": f"UHJvZHVjdDo{number}", "name": f"{name} {number}", "slug": f"{name.lower()}-{number}",
        "description": json.dumps({"blocks": [
            {"type": "paragraph", "data": {"text": "Pressed."}}, {"type": "list", "data": {"items": ["Cold", "Fresh"]}},
        ]}),
        "category": {"name": "Juices", "ancestors": {"edges": [{"node": {"name": "Drinks"}}]}},
        "pricing": {"priceRange": money(3.5), "priceRangeUndiscounted": money(5.0)},
        "attributes": [
            {"attribute": {"name": "Flavour"}, "values": [{"name": "Apple"}]},
            {"attribute": {"name": "Size"}, "values": []},
        ],
        "variants": [{"trackInventory": True, "quantityAvailable": left} for left in (4, 3)],
        "media": [{"type": "VIDEO", "url": "https://v.example/1"}, {"type": "IMAGE", "url": "https://m.example/1.png"}],
    } | fields  # fmt: skip


class SaleorServer:
    """`products` are what it has, by id, in the order of their listing."""

    def __init__(self) -> None:
        self.products, self.asked, self.status = {}, [], 200
        self.page = None  # of a proxy, which is answered instead
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                public = json.loads(RSAAlgorithm.to_jwk(outer.key.public_key()))
                self.answer({"keys": [public | {"use": "sig", "kid": "1"}]})

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.asked.append(asked["variables"])
                done = graphql_sync(
                    SCHEMA, asked["query"], {"products": outer.list_products}, variable_values=asked["variables"]
                )
                self.answer(done.formatted if outer.page is None else outer.page)

            def answer(self, value) -> None:
                self.send_response(outer.status)
                self.end_headers()
                self.wfile.write((value if isinstance(value, str) else json.dumps(value)).encode())

            def log_message(self, *args) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def list_products(self, _info, *, channel=None, first=None, after=None, where=None):
        if channel != "default-channel":
            raise ValueError("You need to provide a channel.")
        if first is None or first > MOST:
            raise ValueError(f"Requesting {first} records exceeds the limit of {MOST} records.")
        rows = [row for row in self.products.values() if where is None or row["id"] in where["ids"]]
        start = int(after) if after else 0
        page = rows[start : start + first]
        end = start + len(page)
        return {
            "totalCount": len(rows),
            "pageInfo": {"hasNextPage": end < len(rows), "hasPreviousPage": start > 0, "endCursor": str(end)},
            "edges": [{"node": row, "cursor": "c"} for row in page],
        }

    def sign(self, body: bytes) -> str:
        """The signature of a webhook that has no secret: JWS with its payload left out."""
        return jwt.PyJWS().encode(body, self.key, "RS256", headers={"kid": "1"}, is_payload_detached=True)


def sign_with_secret(body: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
