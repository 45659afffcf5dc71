"""`import_dicom`: a folder of DICOM files into the catalogue, each study a case, with nobody's name left."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.management.progress import open_bar

if TYPE_CHECKING:
    from catalog.dicom.files import Refusal

SHOWN_REFUSALS = 50

HELP = """\
Load a folder of DICOM files: each study becomes one case, with a picture of each series (the middle one) and its
report, from a structured report or a text file beside it that is called like one of its files.

Nothing that says whom a study is of gets in: headers are cleaned by dicognito, and of what is left only codes are
read; from reports all is taken out that the headers give away, and dates, numbers and addresses. What cannot be cleaned
is refused with the reason, such as pictures with letters in them, and the other files are loaded. docs/radiology.md
says what is looked for, and what cannot be found.

Running it again goes on where it was stopped, and changes nothing of what is the same. The number of a case is made
from its study and a secret in KINDRED_HOME, so that the same study is the same case.

Exit code: 0 when at least one case was made or already there, 1 when none was, 130 when it was stopped."""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument(
            "--out",
            type=Path,
            metavar="DIR",
            help="where cleaned pictures and products.csv go; default: KINDRED_HOME/dicom",
        )
        parser.add_argument("--no-load", action="store_true", help="leave it at that: a look before anything is loaded")

    def handle(self, *args: Any, **options: Any) -> None:
        root: Path = options["folder"]
        if not root.is_dir():
            raise CommandError(f"There is no folder {root}.")
        out: Path = options["out"] or Path(settings.KINDRED_HOME) / "dicom"
        if out.resolve().is_relative_to(root.resolve()):
            raise CommandError(f"{out} lies within {root}: name another folder with --out.")
        try:
            rows, refusals = read_studies(root, out)
        except ImportError as error:
            raise CommandError(f"{error}: reading DICOM takes `pip install -r requirements-dicom.txt`.") from None
        except KeyboardInterrupt:
            raise CommandError("Stopped. Run the same command again to go on.", returncode=130) from None
        except (OSError, ValueError) as error:
            raise CommandError(f"{root}: {error}") from None
        self._show(refusals, root=root)
        self.stdout.write(f"{len(rows)} cases from {root}, {len(refusals)} files or studies refused.")
        if not rows:
            raise CommandError(f"{root}: no case could be made.")
        self.stdout.write(f"Cleaned pictures and products.csv are in {out}.")
        if not options["no_load"]:
            call_command("import_products", str(out / "products.csv"), images=out, source="dicom", stdout=self.stdout)

    def _show(self, refusals: list[Refusal], *, root: Path) -> None:
        """Name what was refused by its place: only who runs the command reads it, and it is written nowhere."""
        for refusal in refusals[:SHOWN_REFUSALS]:
            place = os.fsencode(refusal.path.relative_to(root)).decode("utf-8", "replace")
            self.stderr.write(f"{place}: {refusal.reason}")
        if len(refusals) > SHOWN_REFUSALS:
            self.stderr.write(f"... and {len(refusals) - SHOWN_REFUSALS} more")


def read_studies(root: Path, out: Path) -> tuple[list[dict[str, str]], list[Refusal]]:
    """Clean the studies below `root` into `out`; return the rows of their cases, and what was refused.

    Raises ImportError without requirements-dicom.txt, and DicomRefused where the folder has too many files.
    """
    from catalog.dicom.cleaning import make_anonymizer
    from catalog.dicom.files import Refusal, group_studies
    from catalog.dicom.folder import CaseFolder
    from catalog.dicom.salt import number_case, read_or_create_salt
    from catalog.dicom.silence import silence_libraries
    from catalog.dicom.studies import read_case

    salt = read_or_create_salt()
    folder, anonymizer = CaseFolder(out, salt=salt), make_anonymizer(salt)
    rows: list[dict[str, str]] = []
    with silence_libraries():
        studies, refusals = group_studies(root)
    with silence_libraries(), open_bar("import", total=len(studies), unit="study") as bar:
        for study in studies:
            sku = number_case(salt, study.uid)
            note = folder.find(sku, study)
            if note is None:
                case = read_case(study, anonymizer)
                refusals += case.refusals
                note = folder.write(sku, study, case)
            elif not note["row"]:
                refusals.append(Refusal(study.files[0], "nothing of its study could be taken, and nothing has changed"))
            if note["row"]:
                rows.append(note["row"])
            bar.update()
    folder.write_table(rows)
    return rows, refusals
