"""What of the shop is mirrored: `ProductSource`, one class for each kind of product, named in KINDRED["SOURCES"]."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urljoin

from django.core.signals import setting_changed
from django.db import router
from django.db.models import Model, QuerySet
from django.dispatch import receiver
from django.utils.module_loading import import_string

from kindred_django.configuration import configuration

Mapped = str | Callable[[Any], Iterable[Any]]


class ProductSource:
    """Products of one model. Write `queryset`, `sku` and `to_kindred`; name in `related` what else a product shows.

    `related` maps models, as "app.Model", to the products that a row of theirs changes: the name of the foreign key to
    the product, or a function that takes the row and returns primary keys of products. Many-to-many fields of the
    product itself need no mention.
    """

    name = ""  # in our tables: of the class, where empty
    related: Mapping[str, Mapped] = {}

    def queryset(self) -> QuerySet[Any]:
        """Return the products that Kindred shall have. One that leaves it is deleted there.

        Asked while Django starts too: where it needs the database for what it filters by, write `model` as well.
        """
        raise NotImplementedError

    def sku(self, product: Any) -> str:
        """Return what the product is called in Kindred: unique, at most 100 characters."""
        raise NotImplementedError

    def to_kindred(self, product: Any) -> dict[str, Any]:
        """Return the fields of the product by the names of Kindred's API, without `sku`.

        Name the same fields for each product: one that is left out stays as Kindred has it, None empties it. `images`
        may be a list of addresses, best picture first; Kindred fetches them.
        """
        raise NotImplementedError

    # A source that is no table of this database writes the following instead of `queryset`.

    def model(self) -> type[Model] | None:
        """Return the model whose signals say that a product has changed; None: no signal does."""
        return self.queryset().model

    def key(self, product: Any) -> str:
        """Return what `read` finds the product by, whatever becomes of its sku."""
        return str(product.pk)

    def read(self, keys: Sequence[str]) -> Iterable[Any]:
        """Return the products of these keys that there are."""
        return self._just_written().filter(pk__in=keys)

    def find_keys(self, keys: Sequence[str]) -> Iterable[Any]:
        """Return which of these keys there are, at less cost than reading the products."""
        return self._just_written().filter(pk__in=keys).values_list("pk", flat=True)

    def read_after(self, cursor: str, *, size: int) -> tuple[Sequence[Any], str]:
        """Return up to `size` products behind the cursor ("": from the first), and the next cursor ("": no more)."""
        rows = self.queryset().order_by("pk")
        page = list((rows.filter(pk__gt=cursor) if cursor else rows)[:size])
        return page, str(page[-1].pk) if len(page) == size else ""

    def count(self) -> int | None:
        """Return how many products there are; None: that is not known."""
        return self.queryset().count()

    def _just_written(self) -> QuerySet[Any]:
        """Return the queryset where products are written: a replica may not have yet what is to be sent."""
        products = self.queryset()
        return products if getattr(products, "_db", None) else products.using(router.db_for_write(products.model))

    # For `to_kindred`.

    def absolute(self, path: str) -> str:
        """Return the address of a page or picture of this shop: a path after KINDRED["SITE_URL"]."""
        return urljoin(configuration().site_url + "/", path)


@lru_cache(maxsize=1)
def all_sources() -> dict[str, ProductSource]:
    """Return the sources of the setting by name. Raises ImportError where one is not there."""
    made = [import_string(path)() for path in configuration().sources]
    for source in made:
        source.name = source.name or type(source).__name__
    return {source.name: source for source in made}


def find_source(product: Any) -> ProductSource | None:
    """Return the source whose model the product is of; None: none is."""
    for source in all_sources().values():
        model = source.model()
        if model is not None and isinstance(product, model._meta.concrete_model or model):
            return source
    return None


def find_sku(product: Any) -> str:
    """Return the SKU of a product of the shop, or the SKU that was given. Raises LookupError for anything else."""
    if isinstance(product, str):
        return product
    source = find_source(product)
    if source is None:
        raise LookupError(f"No source of KINDRED['SOURCES'] has a {type(product).__name__}: give its SKU instead.")
    return source.sku(product)


@receiver(setting_changed)
def forget_sources(*, setting: str, **_: Any) -> None:
    """Tests override settings."""
    if setting == "KINDRED":
        all_sources.cache_clear()
