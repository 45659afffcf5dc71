"""Products of a Saleor shop: `KINDRED["SOURCES"] = ["shop.saleor.SaleorProducts"]`.

Saleor says by webhook which product changed (`path("saleor/", saleor_webhook)`), and a sweep finds the rest. Settings:
SALEOR = {"URL": "https://shop.saleor.cloud", "CHANNEL": "default-channel", "STOREFRONT": "https://shop.example/{slug}"}.
"""

import hashlib
import hmac
import json
from functools import lru_cache

import httpx
import jwt  # PyJWT[crypto]
from django.conf import settings
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from kindred_django import ProductSource
from kindred_django.api import Unavailable
from kindred_django.tracking import queue_products

PAGE = 100  # Saleor gives no more at once
PRODUCTS = """
query Products($channel: String!, $first: Int!, $after: String, $where: ProductWhereInput) {
  products(channel: $channel, first: $first, after: $after, where: $where) {
    totalCount
    pageInfo { hasNextPage endCursor }
    edges { node {
      id slug name description
      category { name ancestors(first: 20) { edges { node { name } } } }
      pricing {
        priceRange { start { gross { amount currency } } }
        priceRangeUndiscounted { start { gross { amount currency } } }
      }
      attributes { attribute { name } values { name } }
      variants { trackInventory quantityAvailable }
      media { type url }
    } }
  }
}"""
# What the webhook of the app in Saleor's dashboard is subscribed to.
SUBSCRIPTION = """
subscription {
  event {
    ... on ProductCreated { product { id } }
    ... on ProductUpdated { product { id } }
    ... on ProductDeleted { product { id } }
    ... on ProductVariantCreated { productVariant { product { id } } }
    ... on ProductVariantUpdated { productVariant { product { id } } }
    ... on ProductVariantDeleted { productVariant { product { id } } }
    ... on ProductVariantStockUpdated { productVariant { product { id } } }
  }
}"""


def ask_saleor(first=PAGE, after=None, where=None):
    """Return a page of products as customers see them: without a token Saleor shows what is published."""
    variables = {"channel": settings.SALEOR["CHANNEL"], "first": first, "after": after, "where": where}
    try:
        answer = httpx.post(
            f"{settings.SALEOR['URL']}/graphql/", json={"query": PRODUCTS, "variables": variables}, timeout=30
        )
        answer.raise_for_status()
        if errors := answer.json().get("errors"):
            raise Unavailable(f"Saleor does not list its products: {errors[0]['message']}")
        return answer.json()["data"]["products"]
    except (
        httpx.HTTPError,
        ValueError,
    ) as error:  # or a page of a proxy: it is asked again later, nothing is lost
        raise Unavailable(f"Saleor does not answer ({type(error).__name__}).") from error


class SaleorProducts(ProductSource):
    def model(self):
        return None  # no signals: there is a webhook instead

    def key(self, product):
        return product["id"]

    def read(self, keys):
        for start in range(0, len(keys), PAGE):
            for edge in ask_saleor(where={"ids": keys[start : start + PAGE]})["edges"]:
                yield edge["node"]

    def find_keys(self, keys):
        return [product["id"] for product in self.read(keys)]

    def read_after(self, cursor, *, size):
        page = ask_saleor(first=min(size, PAGE), after=cursor or None)
        following = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else ""
        return [edge["node"] for edge in page["edges"]], following

    def count(self):
        return ask_saleor(first=1)["totalCount"]

    def sku(self, product):
        return product["slug"]  # which its page knows, and which variants share

    def to_kindred(self, product):
        pricing, variants = product["pricing"] or {}, product["variants"] or []
        price, before = read_money(pricing.get("priceRange")), read_money(pricing.get("priceRangeUndiscounted"))
        is_counted = any(variant["trackInventory"] for variant in variants)
        return {
            "title": product["name"],
            "description": read_blocks(product["description"]),
            "category": read_category(product["category"]),
            "price": price["amount"],
            "list_price": before["amount"],
            "currency": price["currency"] or "",
            "stock": sum(variant["quantityAvailable"] or 0 for variant in variants) if is_counted else None,
            "attributes": {
                each["attribute"]["name"]: ", ".join(value["name"] for value in each["values"])
                for each in product["attributes"]
                if each["values"]
            },
            "url": settings.SALEOR["STOREFRONT"].format(slug=product["slug"]),
            "images": [media["url"] for media in product["media"] or [] if media["type"] == "IMAGE"],
        }


def read_money(price_range):
    """Return the lowest price of the variants, as a text: amounts come as numbers."""
    start = (price_range or {}).get("start")
    if not start:
        return {"amount": None, "currency": None}
    return {"amount": str(start["gross"]["amount"]), "currency": start["gross"]["currency"]}


def read_category(category):
    if not category:
        return None
    above = [edge["node"]["name"] for edge in category["ancestors"]["edges"]]
    return "/".join(name.replace("/", "-") for name in [*above, category["name"]])


def read_blocks(description):
    """Return the text of a description: Saleor keeps it as blocks of Editor.js."""
    blocks = json.loads(description or "{}").get("blocks", [])
    texts = [[block["data"].get("text", ""), *block["data"].get("items", [])] for block in blocks]
    return "\n".join(part for parts in texts for part in parts if isinstance(part, str) and part)


@csrf_exempt
@require_POST
def saleor_webhook(request):
    """Queue the product that Saleor's event is about."""
    try:
        if not is_from_saleor(request.headers.get("Saleor-Signature", ""), request.body):
            return HttpResponse(status=401)
    except jwt.PyJWKClientConnectionError:
        return HttpResponse(status=503)  # Saleor tries again
    event = json.loads(request.body)
    product = event.get("product") or (event.get("productVariant") or {}).get("product")
    if product:
        queue_products(SaleorProducts.__name__, [product["id"]])
    return HttpResponse(status=202)


def is_from_saleor(signature, body):
    """Check the signature: an HMAC where the webhook has a secret, else by the key that Saleor publishes."""
    if secret := settings.SALEOR.get("SECRET"):
        expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected.encode(), signature.encode())
    try:
        key = published_keys(settings.SALEOR["URL"]).get_signing_key(jwt.get_unverified_header(signature)["kid"])
        jwt.PyJWS().decode(signature, key.key, algorithms=["RS256"], detached_payload=body)
    except jwt.PyJWKClientConnectionError:
        raise
    except (jwt.PyJWTError, KeyError):
        return False
    return True


@lru_cache
def published_keys(url):
    return jwt.PyJWKClient(f"{url}/.well-known/jwks.json", timeout=5)
