"""Adding pictures to products: uploaded, or fetched from a URL by a worker."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from celery import current_app
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from catalog.models import Product, ProductImage
from catalog.pictures.checks import MAX_PICTURE_BYTES, PictureError, check_number, check_picture
from catalog.pictures.downloads import MAX_ATTEMPTS, PictureDownload
from catalog.pictures.fetching import FetchError, fetch_public

logger = logging.getLogger(__name__)

FETCH_DEADLINE_S = 20.0
FETCHERS = 4
BATCH = 20
fetchers: list[threading.Thread] = []
fetchers_lock = threading.Lock()
FETCH_TASK = "catalog.tasks.fetch_pictures"  # by name: the task calls this file, not the other way round too


def add_picture(product: Product, *, source: Any, position: int | None = None) -> tuple[ProductImage, bool]:
    """Add the picture in `source` (bytes or a file). Return it, and whether it is new.

    The same picture is kept once per product, so a repeated upload changes nothing. Raises PictureError.
    """
    picture = check_picture(source)
    with transaction.atomic():
        Product.objects.select_for_update().get(pk=product.pk)  # two uploads at once do not take the same position
        same = product.images.filter(sha256=picture.sha256).first()
        if same is not None:
            return same, False
        check_number(product.images.count() + 1)
        if position is None:
            last = product.images.aggregate(last=Max("position"))["last"]
            position = 0 if last is None else last + 1
        image = ProductImage(product=product, position=position, file=ContentFile(picture.content, name="picture"))
        image.save()
    return image, True


def request_download(product: Product, *, url: str, position: int | None = None) -> PictureDownload:
    """Note that the picture at `url` is wanted, and ring for a worker. The same wish twice is one download."""
    with transaction.atomic():
        Product.objects.select_for_update().get(pk=product.pk)
        waiting = product.downloads.filter(url=url, state=PictureDownload.State.WAITING).first()
        download = waiting or product.downloads.create(url=url, position=position)
        # A broker that is down costs nothing but time: beat rings the same bell.
        transaction.on_commit(lambda: current_app.send_task(FETCH_TASK), robust=True)
    return download


def start_fetchers() -> list[threading.Thread]:
    """Fetch what is due in threads beside the worker's own, and return them.

    A picture server may take its time, and the worker's thread has products to embed meanwhile. Threads that are still
    at it are left to it. When the worker dies, the leases of what they held run out.
    """
    with fetchers_lock:
        fetchers[:] = [thread for thread in fetchers if thread.is_alive()]
        while len(fetchers) < FETCHERS:
            fetchers.append(threading.Thread(target=fetch_until_done, name="fetch-pictures", daemon=True))
            fetchers[-1].start()
        return list(fetchers)


def fetch_until_done() -> None:
    """What a fetcher does. Its database connection ends with it."""
    try:
        while run_due_downloads():
            pass
    finally:
        connection.close()


def run_due_downloads(*, fetch: Callable[..., bytes] = fetch_public) -> int:
    """Fetch what is due, one after the other. Returns how many were taken."""
    taken = 0
    for download in PictureDownload.objects.due(at=timezone.now()).order_by("id")[:BATCH]:
        if download.claim():
            run_download(download, fetch=fetch)
            taken += 1
    return taken


def run_download(download: PictureDownload, *, fetch: Callable[..., bytes]) -> None:
    """Fetch one picture that was claimed, and write down how it ended."""
    if download.attempts > MAX_ATTEMPTS:
        finish(download, reason=f"it was begun {MAX_ATTEMPTS} times and never finished: the worker died each time")
        return
    try:
        content = fetch(download.url, max_bytes=MAX_PICTURE_BYTES, deadline_s=FETCH_DEADLINE_S)
        image, _is_new = add_picture(download.product, source=content, position=download.position)
    except (FetchError, PictureError) as error:
        finish(download, reason=str(error))
    except Product.DoesNotExist:
        return  # deleted meanwhile, and this row with it
    else:
        finish(download, image=image)


def finish(download: PictureDownload, *, image: ProductImage | None = None, reason: str = "") -> None:
    state = PictureDownload.State.FAILED if image is None else PictureDownload.State.DONE
    download.state, download.image, download.reason = state, image, reason[:500]
    download.leased_until = None
    download.save(update_fields=["state", "image", "reason", "leased_until", "updated_at"])
    if reason:
        logger.info("The picture at %s was not fetched: %s.", download.url, reason)
