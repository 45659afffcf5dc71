"""The pictures and sounds that products are to have, beside those they have: what is kept, added, fetched, taken away.

Both go by the same rules; `Medium` says which is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from celery import current_app
from django.db import connection, transaction
from django.db.models import Max, Prefetch, Q, prefetch_related_objects
from django.utils import timezone

from catalog.models import PictureDownload, Product, ProductAudio, ProductImage
from catalog.pictures.checks import MAX_PICTURES, Picture, check_number
from catalog.pictures.downloads import RETRY_FAILED_AFTER, SEND_TASK
from catalog.pictures.storage import store_checked
from catalog.sounds.checks import MAX_SOUNDS, Sound, check_sound_number

Kind = PictureDownload.Kind
Stored = Picture | Sound  # a file that is stored, and no row yet
Held = ProductImage | ProductAudio


@dataclass(frozen=True)
class PictureUrl:
    """A picture or sound that is to be had at `url`, by a worker."""

    url: str


# In order. None stands for one that was named and cannot be had.
WantedPictures = Sequence[Picture | PictureUrl | None]
WantedSounds = Sequence[Sound | PictureUrl | None]
Wanted = WantedPictures | WantedSounds


@dataclass
class Arrangement:
    """What the pictures or sounds of one product are to become."""

    places: list[tuple[int, Stored | Held]] = field(default_factory=list)  # with their positions, ascending
    gone: list[Held] = field(default_factory=list)
    downloads: list[tuple[int, str]] = field(default_factory=list)  # positions and URLs
    withdrawn: list[PictureDownload] = field(default_factory=list)  # that wait for a picture which is not to come now
    open_urls: set[str] = field(default_factory=set)  # of pictures that are to come: these and those on their way
    sources: dict[int, str] = field(default_factory=dict)  # of pictures that were there, by id, where it is news
    count: int = 0  # positions that are given away
    is_complete: bool = True  # whether every picture that was named is there

    def place(self, picture: Stored | Held) -> None:
        self.places.append((self.count, picture))
        self.count += 1

    def leave_open(self, url: str = "", *, is_fetched: bool = False) -> None:
        """Keep a position for a picture that is not there, and have it fetched if it has a URL and `is_fetched`."""
        self.open_urls.add(url)
        if is_fetched:
            self.downloads.append((self.count, url))
        self.count += 1
        self.is_complete = False


def make_image(product_id: int, picture: Picture, *, position: int) -> ProductImage:
    return ProductImage(
        product_id=product_id,
        file=picture.name,
        position=position,
        sha256=picture.sha256,
        width=picture.width,
        height=picture.height,
        source_url=picture.source_url,
    )


def make_audio(product_id: int, sound: Sound, *, position: int) -> ProductAudio:
    return ProductAudio(
        product_id=product_id,
        file=sound.name,
        position=position,
        sha256=sound.sha256,
        seconds=sound.seconds,
        waveform=sound.waveform,
        source_url=sound.source_url,
    )


@dataclass(frozen=True)
class Medium:
    """Of what a product may have several, in order: pictures, or sounds."""

    kind: PictureDownload.Kind
    relation: str  # of Product
    rows: Any  # their model
    result: str  # field of PictureDownload
    most: int  # of one product
    check_number: Callable[[int], None]  # raises where there would be more
    make: Callable[..., Any]

    @property
    def compared(self) -> str:
        """Attribute of a product where its downloads are prefetched."""
        return f"compared_{self.kind.value}_downloads"


PICTURES = Medium(Kind.IMAGE, "images", ProductImage, "image", MAX_PICTURES, check_number, make_image)
SOUNDS = Medium(Kind.AUDIO, "sounds", ProductAudio, "sound", MAX_SOUNDS, check_sound_number, make_audio)


def add_one(
    product: Product, medium: Medium, checked: Stored, *, position: int | None = None, source_url: str = ""
) -> tuple[Any, bool]:
    """Add a picture or sound that has passed its check, from `source_url`. Return its row, and whether it is new.

    The same file is kept once per product: a repeated upload changes no more than where it is from. Raises what
    `check_number` does.
    """
    with transaction.atomic():
        Product.objects.select_for_update().get(pk=product.pk)  # two uploads at once do not take the same position
        own = getattr(product, medium.relation)
        same = own.filter(sha256=checked.sha256).first()
        if same is not None:
            if source_url and same.source_url != source_url:
                same.source_url = source_url
                same.save(update_fields=["source_url"])
            return same, False
        medium.check_number(own.count() + 1)
        if position is None:
            last = own.aggregate(last=Max("position"))["last"]
            position = 0 if last is None else last + 1
        store_checked(checked)
        added = medium.make(product.pk, replace(checked, source_url=source_url), position=position)
        added.save()
    return added, True


def prefetch_held(products: Sequence[Product], wanted: Iterable[Wanted], *, medium: Medium = PICTURES) -> None:
    """Read what `plan_arrangement` compares of the products: their pictures, and downloads.

    Of these, the ones from the URLs that are wanted, and the ones that still wait.
    """
    urls = {picture.url for pictures in wanted for picture in pictures if isinstance(picture, PictureUrl)}
    compared = PictureDownload.objects.filter(Q(url__in=urls) | Q(state=PictureDownload.State.WAITING)).order_by("id")
    downloads = Prefetch("downloads", compared.filter(kind=medium.kind), to_attr=medium.compared)
    prefetch_related_objects(products, medium.relation, downloads)


def plan_arrangement(product: Product, wanted: Wanted, *, medium: Medium = PICTURES) -> Arrangement | None:
    """Compare the pictures wanted with those that the product has; None: they are as they should be.

    Pictures that nobody named are taken away only where every one that was named is there. Of one that is bad, missing
    or yet to be fetched nobody can tell which of the stored ones it was: all stay until then, behind the others.
    A download that still waits is withdrawn where its URL is named no more, or its picture has come another way.
    """
    held: list[Held] = list(getattr(product, medium.relation).all()) if product.pk else []
    downloads: list[PictureDownload] = getattr(product, medium.compared, [])
    fetched = {one.url: getattr(one, f"{medium.result}_id") for one in downloads}
    arrangement = _place_named(wanted, held, downloads, fetched)
    arrangement.withdrawn = [
        download
        for download in downloads
        if download.state == PictureDownload.State.WAITING and download.url not in arrangement.open_urls
    ]
    placed = {picture.pk for _, picture in arrangement.places if isinstance(picture, Held)}
    rest = [image for image in held if image.pk not in placed]
    if not arrangement.is_complete:
        kept = rest[: max(medium.most - arrangement.count, 0)]
        for image in kept:
            arrangement.place(image)
        rest = rest[len(kept) :]
    arrangement.gone = rest
    if rest or arrangement.downloads or arrangement.withdrawn or not _is_so_already(arrangement, held):
        return arrangement
    return None


def _place_named(
    wanted: Wanted, held: Sequence[Held], downloads: Sequence[PictureDownload], fetched: Mapping[str, int | None]
) -> Arrangement:
    by_id = {image.pk: image for image in held}
    by_sha256 = {image.sha256: image for image in reversed(held)}
    by_url = {image.source_url: image for image in reversed(held)}
    by_url |= {url: by_id[number] for url, number in fetched.items() if number in by_id}
    not_again = {download.url for download in downloads if _is_settled_for_now(download)}
    arrangement, seen = Arrangement(), set[str]()
    for picture in wanted:
        if isinstance(picture, Stored):
            there = by_sha256.get(picture.sha256)
            if there is not None and picture.source_url and not there.source_url:
                arrangement.sources.setdefault(there.pk, picture.source_url)
        else:
            there = by_url.get(picture.url) if picture else None
        key = there.sha256 if there else picture.sha256 if isinstance(picture, Stored) else ""
        if key in seen:
            continue
        if there is not None or isinstance(picture, Stored):
            arrangement.place(there or picture)  # type: ignore[arg-type]
            seen.add(key)
        elif picture is None:
            arrangement.leave_open()
        else:
            arrangement.leave_open(picture.url, is_fetched=picture.url not in not_again)
    return arrangement


def _is_settled_for_now(download: PictureDownload) -> bool:
    """Is it on its way, or has it failed a short while ago?"""
    if download.state == PictureDownload.State.FAILED:
        return download.updated_at > timezone.now() - RETRY_FAILED_AFTER
    return download.state != PictureDownload.State.DONE


def _is_so_already(arrangement: Arrangement, held: Sequence[Held]) -> bool:
    """Is it what is stored? Positions with gaps are as good as others, unless a picture is to come into one."""
    order = [picture for _, picture in arrangement.places]
    if len(order) != len(held) or any(one is not other for one, other in zip(order, held, strict=True)):
        return False
    if arrangement.sources:
        return False
    return arrangement.is_complete or [image.position for image in held] == [place for place, _ in arrangement.places]


def carry_out(arrangements: Iterable[tuple[int, Arrangement]], *, medium: Medium = PICTURES) -> None:
    """Carry out the arrangements of products, by their ids: as many statements for a hundred as for two."""
    gone: list[int] = []
    moved: list[Held] = []
    new: list[Held] = []
    downloads: list[PictureDownload] = []
    withdrawn: list[int] = []
    for product_id, arrangement in arrangements:
        gone += [image.pk for image in arrangement.gone]
        for position, picture in arrangement.places:
            if isinstance(picture, Stored):
                new.append(medium.make(product_id, picture, position=position))
            elif picture.position != position or picture.pk in arrangement.sources:
                picture.position = position
                picture.source_url = arrangement.sources.get(picture.pk, picture.source_url)
                moved.append(picture)
        withdrawn += [download.pk for download in arrangement.withdrawn]
        downloads += [
            PictureDownload(product_id=product_id, kind=medium.kind, url=url, position=position)
            for position, url in arrangement.downloads
        ]
    delete_held(gone, medium=medium)
    medium.rows.objects.bulk_update(moved, ["position", "source_url"])
    medium.rows.objects.bulk_create(new)
    if withdrawn:  # one that a worker has taken meanwhile comes, and leaves with the next import
        PictureDownload.objects.filter(pk__in=withdrawn, state=PictureDownload.State.WAITING).delete()
    if PictureDownload.objects.bulk_create(downloads):
        transaction.on_commit(lambda: current_app.send_task(SEND_TASK), robust=True)  # lost, beat sends it again


def delete_held(ids: Sequence[int], *, medium: Medium = PICTURES) -> None:
    """Delete pictures or sounds. Django's own way would ask whoever hears of deletions about each."""
    if not ids:
        return
    PictureDownload.objects.filter(**{f"{medium.result}__in": ids}).update(**{medium.result: None})
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {medium.rows._meta.db_table} WHERE id = ANY(%s)", [list(ids)])  # noqa: S608  # a constant
