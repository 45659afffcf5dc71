"""Taking a source away, and what becomes of the products that it made."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext

from catalog.importers.vanished import deactivate_products, delete_products, find_vanished, release_products
from catalog.models import Product, Source
from catalog.sources.leasing import LeaseLost, take_lease
from catalog.sources.steering import SourceError

# By what --products says. Released ones stay as they are, and belong to nobody.
FATES = {"keep": release_products, "deactivate": deactivate_products, "delete": delete_products}


def remove_source(source: Source, *, products: str, on_progress: Callable[[int], None] = lambda count: None) -> int:
    """Delete the source with its runs, and return how many products were concerned. `products` is a key of FATES.

    Raises SourceError where it is being read. Interrupted, it can be asked for again.
    """
    lease = take_lease(source.pk)
    if lease is None:
        raise SourceError(
            gettext("%(source)s is being read. Stop that, or wait until it is done.") % {"source": source}
        )
    try:
        ids = find_vanished(Product.objects.filter(source=source.name).exclude(source=""), present=frozenset())
        count = 0
        for done in FATES[products](ids, source=source.name):
            count += done
            on_progress(done)
            lease.renew()
        source.delete()
    except LeaseLost:
        raise SourceError(
            gettext("%(source)s is being read again by a worker: disable it first.") % {"source": source}
        ) from None
    finally:
        lease.release()
    return count
