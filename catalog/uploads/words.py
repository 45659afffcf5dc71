"""Uploads and exports in words, in the language of who reads them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

from catalog.models import Upload
from catalog.retelling import retell
from catalog.uploads.columns import FIELDS
from catalog.uploads.file_work import FileWork

State, Task = Upload.State, Upload.Task
SLOW_TO_BEGIN = timedelta(minutes=2)  # beat sends what waits twice a minute


def word_state(work: FileWork) -> str:
    """Say how it stands with it."""
    if work.state == State.WAITING:
        return gettext("Waits for a worker")
    if work.state == State.WORKING and work.is_stop_wanted:
        return gettext("Is being stopped")
    if isinstance(work, Upload):
        return _word_upload(work)
    return str(work.get_state_display())


def _word_upload(upload: Upload) -> str:
    words = {
        (Task.CHECK, State.WORKING): gettext("Is being checked"),
        (Task.CHECK, State.DONE): gettext("Checked, nothing is written yet"),
        (Task.CHECK, State.FAILED): gettext("Cannot be read"),
        (Task.LOAD, State.WORKING): gettext("Is being imported"),
        (Task.LOAD, State.DONE): gettext("Imported"),
        (Task.LOAD, State.FAILED): gettext("The import broke off"),
        (Task.UNDO, State.WORKING): gettext("Is being undone"),
        (Task.UNDO, State.DONE): gettext("Undone"),
        (Task.UNDO, State.FAILED): gettext("Undoing broke off"),
    }
    return words.get((Task(upload.task), State(upload.state)), str(upload.get_state_display()))


def word_counts(upload: Upload) -> list[tuple[str, str]]:
    """Return what loading did, or would do, as labels and numbers; what is 0 and says nothing is left out."""
    is_check = upload.task == Task.CHECK
    said = [
        (gettext("new") if is_check else gettext("created"), upload.created, True),
        (gettext("would change") if is_check else gettext("changed"), upload.changed, True),
        (gettext("unchanged"), upload.unchanged, True),
        (gettext("rejected"), upload.rejected, True),
        (gettext("would be hidden") if is_check else gettext("hidden"), upload.deactivated, False),
        (ngettext("picture to fetch", "pictures to fetch", upload.pictures), upload.pictures, False),
    ]
    return [(label, number_format(count, force_grouping=True)) for label, count, always in said if count or always]


def word_line(upload: Upload) -> list[str]:
    """Return what loading did, or would do, in short: what is 0 says nothing."""
    said = [f"{count} {label}" for label, count in word_counts(upload) if count != "0"]
    return [gettext(", ").join(said) or gettext("nothing")]


def word_undone(upload: Upload) -> list[str]:
    """Say what undoing did, a sentence for each."""
    counts = {name: count for name, count in upload.undone.items() if name != "edits"}
    words = {
        "restored": lambda n: ngettext("%d product is what it was.", "%d products are what they were.", n),
        "deleted": lambda n: ngettext("%d new product was deleted.", "%d new products were deleted.", n),
        "hidden": lambda n: ngettext(
            "%d new product is hidden: something refers to it, such as a rule.",
            "%d new products are hidden: something refers to them, such as rules.",
            n,
        ),
        "kept": lambda n: ngettext(
            "%d product was changed since: that was kept.", "%d products were changed since: that was kept.", n
        ),
        "gone": lambda n: ngettext("%d product is not there any more.", "%d products are not there any more.", n),
    }
    return [words[name](counts[name]) % counts[name] for name in words if counts.get(name)]


def word_edits(upload: Upload) -> list[dict[str, Any]]:
    """Return the products whose later edits were kept, with what of them was."""
    labels = {name: str(label) for name, label in FIELDS.items()} | {
        "pictures": str(FIELDS["images"]),
        "sounds": str(FIELDS["audio"]),
    }
    edits = upload.undone.get("edits", [])
    return [{**edit, "names": [labels.get(name, name) for name in edit["fields"]]} for edit in edits]


def word_error(work: FileWork) -> str:
    """Return why it ended, in the reader's language where the words are ours."""
    return retell(work.error)


def is_slow_to_begin(work: FileWork) -> bool:
    """Has nobody taken it although beat must have sent it?"""
    return work.state == State.WAITING and timezone.now() - work.asked_at > SLOW_TO_BEGIN
