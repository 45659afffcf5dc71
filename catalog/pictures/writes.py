"""Adding pictures to products: uploaded, or fetched from a URL by a worker, as sounds are, too."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from celery import current_app
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from catalog.bad_file import BadFile
from catalog.fetching.targets import FetchError
from catalog.models import Product, ProductAudio, ProductImage
from catalog.pictures.arranging import PICTURES, add_one
from catalog.pictures.checks import MAX_PICTURE_BYTES, check_picture
from catalog.pictures.downloads import MAX_ATTEMPTS, PictureDownload
from catalog.pictures.fetching import FETCH_DEADLINE_S, fetch_public
from catalog.sounds.checks import max_bytes
from catalog.sounds.writes import add_sound

logger = logging.getLogger(__name__)

FETCH_TASK = "catalog.tasks.fetch_picture"  # by name: the task calls this file, not the other way round too
SENT_AGAIN = 500  # downloads at once: what four threads fetch in half a minute
SENT_AGAIN_EXPIRES_S = 30  # then they are sent once more, if they are still due


def add_picture(
    product: Product, *, source: Any, position: int | None = None, source_url: str = ""
) -> tuple[ProductImage, bool]:
    """Add the picture in `source` (bytes or a file), which is from `source_url`. Return it, and whether it is new.

    The same picture is kept once per product: a repeated upload changes no more than where it is from. Raises
    PictureError.
    """
    return add_one(product, PICTURES, check_picture(source), position=position, source_url=source_url)


def request_download(
    product: Product, *, url: str, position: int | None = None, kind: str = PictureDownload.Kind.IMAGE
) -> PictureDownload:
    """Note that the picture or sound at `url` is wanted, and send it to a worker.

    The same wish twice is one download, also when it was fulfilled, as long as the product has what was fetched.
    """
    with transaction.atomic():
        Product.objects.select_for_update().get(pk=product.pk)
        known = product.downloads.filter(url=url, kind=kind).exclude(state=PictureDownload.State.FAILED)
        known = known.exclude(state=PictureDownload.State.DONE, image=None, sound=None)
        if (there := known.first()) is not None and there.state != PictureDownload.State.WAITING:
            return there
        download = there or product.downloads.create(url=url, position=position, kind=kind)
        # A broker that is down costs nothing but time: `send_due_downloads` sends it again.
        transaction.on_commit(lambda: current_app.send_task(FETCH_TASK, args=[download.pk]), robust=True)
    return download


def send_due_downloads() -> None:
    """Send what is due to the workers: its message may be lost, or the worker that had begun it dead.

    What is not lost is sent twice, and the second time finds nothing to claim.
    """
    due = PictureDownload.objects.due(at=timezone.now()).order_by("id").values_list("pk", flat=True)
    for download_id in due[:SENT_AGAIN]:
        current_app.send_task(FETCH_TASK, args=[download_id], expires=SENT_AGAIN_EXPIRES_S)


def run_download(download_id: int, *, fetch: Callable[..., bytes] = fetch_public) -> None:
    """Fetch the picture or sound, unless another worker has it or it is finished, and write down how it ended."""
    download = PictureDownload.objects.filter(pk=download_id).first()
    if download is None or not download.claim():
        return
    if download.attempts > MAX_ATTEMPTS:
        finish(
            download,
            reason=gettext("it was begun %(count)s times and never finished: the worker died each time")
            % {"count": MAX_ATTEMPTS},
        )
        return
    is_sound = download.kind == PictureDownload.Kind.AUDIO
    add: Callable[..., tuple[ProductImage | ProductAudio, bool]] = add_sound if is_sound else add_picture
    try:
        most = max_bytes() if is_sound else MAX_PICTURE_BYTES
        content = fetch(download.url, max_bytes=most, deadline_s=FETCH_DEADLINE_S)
        added, _is_new = add(download.product, source=content, position=download.position, source_url=download.url)
    except (FetchError, BadFile) as error:
        finish(download, reason=str(error))
    except Product.DoesNotExist:
        return  # deleted meanwhile, and this row with it
    except Exception as error:  # whatever a stranger's URL or picture leads to: it is tried once, not for ever
        logger.exception("Unexpected, while %s was fetched.", download.url)
        finish(
            download,
            reason=gettext("something unexpected happened (%(name)s): see the log of the worker")
            % {"name": type(error).__name__},
        )
    else:
        finish(download, added=added)


def finish(download: PictureDownload, *, added: ProductImage | ProductAudio | None = None, reason: str = "") -> None:
    """Write down how it ended, unless its lease ran out and another worker has claimed it since."""
    PictureDownload.objects.filter(pk=download.pk, attempts=download.attempts).update(
        state=PictureDownload.State.FAILED if added is None else PictureDownload.State.DONE,
        image=added if isinstance(added, ProductImage) else None,
        sound=added if isinstance(added, ProductAudio) else None,
        reason=as_stored(reason)[:500],
        leased_until=None,
        updated_at=timezone.now(),
    )
    if reason:
        logger.info("What is at %s was not fetched: %s.", download.url, reason)


def as_stored(text: str) -> str:
    """Return what Postgres takes of a text: hosts and decoders may say NULs and halves of characters."""
    return text.replace("\0", "").encode(errors="replace").decode()
