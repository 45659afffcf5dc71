"""`manage.py export_user ID`: all that is known of a user, as one JSON document."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from behaviour.privacy.export import describe_user, read_all_events


class Command(BaseCommand):
    help = "Print all that is known of a user as JSON, however much it is. Sums by day name nobody and are not in it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user_id", help="as your shop calls the user")

    def handle(self, *args: Any, **options: Any) -> None:
        known, traces = describe_user(options["user_id"])
        head = json.dumps(known, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)
        self.stdout.write(head.removesuffix("\n}") + ',\n "events": [')
        comma = ""
        for event in read_all_events(traces):
            self.stdout.write(f"{comma}{json.dumps(event, cls=DjangoJSONEncoder, ensure_ascii=False)}", ending="")
            comma = ",\n"
        self.stdout.write("\n ]\n}")
