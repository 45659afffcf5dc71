"""`manage.py doctor`: how the installation stands, what is amiss with the catalogue, and what to do about either."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from catalog.doctor.remarks import Examination, examine
from catalog.doctor.summary import summarise
from config.doctor.line import Level, Line
from config.doctor.looks import word_error
from config.doctor.screen import has_tables, look

HELP = (
    "Say on one screen how the installation stands, with the command that mends what is amiss, and then what makes "
    "lists and searches worse than they could be. Changes nothing. Exit status, by the installation alone: 0 all is "
    "fine, 1 there are warnings, 2 there are faults."
)
WIDTH = 20  # of names


class Command(BaseCommand):
    help = HELP
    requires_system_checks = []  # they are asked here, and shown

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="the same for programs")
        parser.add_argument("--catalogue", action="store_true", help="only what is amiss with the catalogue")

    def handle(self, *args: Any, **options: Any) -> None:
        lines = [] if options["catalogue"] else look()
        worst = max((line.level for line in lines), default=Level.FINE)
        may_examine = options["catalogue"] or has_tables(lines)
        examinations: list[Examination] = []
        try:
            examinations = [*examine(), *summarise()] if may_examine else []
        except DatabaseError as error:
            lines.append(Line("catalogue", Level.FAULT, f"cannot be looked at: {word_error(error)}"))
            worst = Level.FAULT
        if options["json"]:
            self.write_json(worst, lines, examinations)
        else:
            for line in lines:
                self.write_line(line)
            for examination in examinations:
                self.write_examination(examination)
        if worst:
            raise SystemExit(int(worst))

    def write_line(self, line: Line) -> None:
        style = {Level.FINE: self.style.SUCCESS, Level.WARNING: self.style.WARNING, Level.FAULT: self.style.ERROR}
        level = style[line.level](f"{line.level.name.lower():8}")
        self.stdout.write(f"{level}{line.name:{WIDTH}}{line.said}")
        if line.mend and line.level:
            self.stdout.write(f"{'':8}{'':{WIDTH}}-> {line.mend}")

    def write_examination(self, examination: Examination) -> None:
        if not examination.remarks:
            self.stdout.write(f"{examination.title}: nothing found.")
            return
        self.stdout.write(f"{examination.title}:")
        for remark in examination.remarks:
            self.stdout.write(f"  {remark.message}\n    {remark.advice}")
            for link in remark.links:
                self.stdout.write(f"    {link.label}: {link.url}")

    def write_json(self, worst: Level, lines: list[Line], examinations: list[Examination]) -> None:
        said = {
            "status": worst.name.lower(),
            "lines": [line.to_json() for line in lines],
            "catalogue": [
                {"title": one.title, "message": remark.message, "advice": remark.advice}
                for one in examinations
                for remark in one.remarks
            ],
        }
        self.stdout.write(json.dumps(said, indent=1, ensure_ascii=False, default=str))
