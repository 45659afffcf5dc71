"""What tests of the storefront share: a shop whose words and pictures disagree, and what a visitor has decided."""

from __future__ import annotations

from django.conf import settings as django_settings
from playwright.sync_api import Page

from catalog.models import Product
from embeddings.models import EmbeddingSpace, ProductEmbedding
from recommendations.explanations.pairs import PairExplanation
from recommendations.explanations.services import Why
from tests.factories import ProductImageFactory
from tests.recommendations.shelf import at_angle

PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
PRODUCT = "/products/MUG-101/"
COMPARED = "/compare/?sku=MUG-101&sku=MUG-105"
PAGES = [
    "/", "/?category=Tableware/Mugs", PRODUCT, "/search/?q=mug", COMPARED, "/products/MUG-101/why/MUG-105/", "/cart/",
]  # fmt: skip


def turn_vectors() -> None:
    """Have the order of the mugs by pictures be the opposite of that by words, and none be another's variant."""
    products = list(Product.objects.order_by("sku"))
    Product.objects.update(variant_group="")
    for number, product in enumerate(products):
        place = len(products) - number if number else 0
        vectors = ProductEmbedding.objects.filter(product=product)
        vectors.exclude(modality="image").update(vector=at_angle(8 * number))
        vectors.filter(modality="image").update(vector=at_angle(8 * place))


def explain_plainly(anchor_id: int, other_ids: list[int], *, space: EmbeddingSpace) -> dict[int, PairExplanation]:
    """Return why products are similar, without a recipe."""
    shares = {"shares": {"text": 0.6, "image": 0.4}, "similarities": {"text": 0.5, "image": 0.25}}
    shared = {"category": "Tableware/Mugs"}
    return {other: PairExplanation(product_id=other, **shares, shared=shared) for other in other_ids}


def explain_one(anchor_id: int, other_id: int) -> Why:
    """The same with words, as the worker finds them."""
    pairs = explain_plainly(anchor_id, [other_id], space=EmbeddingSpace())
    return Why(pair=pairs[other_id], words={"mug": 1.0, "glazed": 0.4})


def list_skus(page: Page) -> list[str]:
    """Return what the list below a product shows, in its order."""
    return [card.get_attribute("data-sku") or "" for card in page.locator(".similar .card").all()]


def decide(page: Page, address: str, *, theme: str = "", language: str = "") -> None:
    """Have the visitor answered about consent, and chosen light or dark, and a language."""
    said = {"kindred_consent": "none", "kindred_theme": theme, django_settings.LANGUAGE_COOKIE_NAME: language}
    page.context.add_cookies([{"name": name, "value": value, "url": address} for name, value in said.items() if value])


def add_pictures(sku: str, count: int) -> None:
    """Give a product more pictures, each another one."""
    product = Product.objects.get(sku=sku)
    for number in range(count):
        ProductImageFactory(product=product, position=number + 1, colour=f"#{number:02x}80c0")
