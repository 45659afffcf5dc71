"""What is sent when products are saved together, which fires none of Django's own signals."""

from __future__ import annotations

from django.dispatch import Signal

# Sent once for all of them, in their transaction, with `product_ids: list[int]`.
products_saved = Signal()
