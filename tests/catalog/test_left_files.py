"""Files of pictures and sounds that are gone: off the disk once no row has them, and not before."""

from __future__ import annotations

from datetime import timedelta
from threading import get_ident

import pytest
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import connection, transaction
from django.db.models import F

from catalog.importers import pictures
from catalog.models import LeftFile, ProductAudio, ProductImage
from catalog.pictures.arranging import SOUNDS, delete_held
from catalog.pictures.checks import store_picture
from catalog.pictures.left_file import find_kept, keep_files
from catalog.pictures.sizes import read_sized
from catalog.pruning import prune
from tests.factories import ProductAudioFactory, ProductImageFactory, picture_bytes, picture_file

pytestmark = pytest.mark.django_db


def wait(**time: float) -> None:
    """Have that time pass."""
    LeftFile.objects.update(due_at=F("due_at") - timedelta(**time))


@pytest.fixture
def on_disk(media_directory):
    """Return a function that names what is there."""
    return lambda: sorted(path.suffix for path in media_directory.rglob("*") if path.is_file())


def test_the_file_of_a_deleted_picture_goes_with_its_sizes_and_so_does_a_sounds(on_disk):
    picture, sound = ProductImageFactory(colour="red"), ProductAudioFactory()
    read_sized(picture, width=160)
    assert on_disk() == [".flac", ".png", ".webp"]
    picture.product.delete()
    sound.delete()
    assert prune("files") == 0  # not yet: who writes the same picture just now has not said so
    wait(minutes=11)
    assert (prune("files", dry_run=True), prune("files"), on_disk()) == (2, 2, [])
    assert not LeftFile.objects.exists()


def test_a_file_that_another_row_has_stays(on_disk):
    first, second = ProductImageFactory(colour="red"), ProductImageFactory(colour="red")
    assert first.file.name == second.file.name
    delete_held([first.pk])  # the door of imports, which fires no signal
    wait(minutes=11)
    assert (prune("files"), on_disk()) == (0, [".png"])
    second.delete()
    wait(minutes=11)
    assert (prune("files"), on_disk()) == (1, [])


def test_a_file_that_comes_again_stays_though_its_row_is_not_written_yet(on_disk):
    ProductImageFactory(colour="red").delete()
    wait(minutes=11)
    store_picture(picture_bytes("red"))
    assert (prune("files"), on_disk()) == (0, [".png"])


def test_a_picture_that_takes_anothers_place_leaves_the_old_file(on_disk):
    picture = ProductImageFactory(colour="red")
    picture.file = picture_file("blue")
    picture.save()
    wait(minutes=11)
    assert (prune("files"), on_disk()) == (1, [".png"])
    assert picture.file.storage.exists(picture.file.name)


def test_what_an_import_takes_away_stays_for_as_long_as_it_can_be_undone(on_disk, settings):
    sound = ProductAudioFactory()
    with transaction.atomic():
        keep_files()
        delete_held([sound.pk], medium=SOUNDS)
    wait(days=settings.KINDRED_IMPORT_KEPT_DAYS)
    assert (prune("files"), on_disk()) == (0, [".flac"])
    wait(days=1)
    assert (prune("files"), on_disk()) == (1, [])
    assert not ProductAudio.objects.exists()


def test_who_sends_the_picture_again_does_not_shorten_how_long_an_import_can_be_undone(on_disk):
    picture = ProductImageFactory(colour="red")
    with transaction.atomic():
        keep_files()
        delete_held([picture.pk])
    store_picture(picture_bytes("red"))  # of a form that is then not saved
    wait(minutes=61)
    assert (prune("files"), on_disk()) == (0, [".png"])


def test_a_file_that_the_storage_refuses_to_delete_keeps_no_other_from_going(on_disk, monkeypatch, caplog):
    stuck, free = ProductImageFactory(colour="red"), ProductImageFactory(colour="blue")
    name, delete = stuck.file.name, FileSystemStorage.delete

    def refuse(storage: FileSystemStorage, wanted: str) -> None:
        if wanted == name:
            raise PermissionError("read-only")
        delete(storage, wanted)

    stuck.delete()
    free.delete()
    wait(minutes=11)
    monkeypatch.setattr(FileSystemStorage, "delete", refuse)
    assert (prune("files"), on_disk(), name in caplog.text) == (1, [".png"], True)
    assert prune("files") == 0  # not at once again
    monkeypatch.undo()
    wait(minutes=61)
    assert (prune("files"), on_disk()) == (1, [])


def test_pictures_whose_files_are_there_still_open_no_connection_of_their_own(folder, monkeypatch):
    """Threads have a connection each: outside of the import's transaction they would wait for it, and it for them."""
    folder.picture("red.png", "red")
    ProductImageFactory(colour="red").delete()
    asked = set()
    wrapper = type(connection._connections[connection._alias])
    real = wrapper.cursor
    monkeypatch.setattr(wrapper, "cursor", lambda self, *given: (asked.add(get_ident()), real(self, *given))[1])
    outcome = folder.load(folder.write_rows({"sku": "A", "title": "Cup", "images": "red.png"}))

    assert (outcome.errors, asked) == ([], {get_ident()})
    assert ProductImage.objects.get().file.storage.exists(ProductImage.objects.get().file.name)


def test_a_file_that_is_taken_away_as_it_is_imported_again_is_written_again(folder, monkeypatch):
    folder.picture("red.png", "red")
    old = ProductImageFactory(colour="red")
    old.delete()

    def take_away(names):
        default_storage.delete(old.file.name)
        return find_kept(names)

    monkeypatch.setattr(pictures, "find_kept", take_away)
    outcome = folder.load(folder.write_rows({"sku": "A", "title": "Cup", "images": "red.png"}))

    assert outcome.errors == []
    assert ProductImage.objects.get().file.storage.exists(old.file.name)
