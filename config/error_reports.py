"""Errors told to Sentry, where SENTRY_DSN names one (requirements-observability.txt): what failed, and where.

Nothing of what was asked for, of whom or of products goes along: no body, no query, no cookie, no local variable, no
statement, and messages as our own log has them.
"""

from __future__ import annotations

from typing import Any

import sentry_sdk

from api.request_ids import current_id
from config.log_lines import leave_values_out

OFF = {"mode": "off"}
NOTHING: Any = {
    "user_info": False,
    "cookies": OFF,
    "http_headers": {"request": OFF},
    "http_bodies": [],
    "url_query_params": OFF,
    "graphql": {"document": False, "variables": False},
    "gen_ai": {"inputs": False, "outputs": False},
    "database_query_data": False,
    "queues": False,
    "stack_frame_variables": False,
}
KEPT_OF_REQUEST = ("method",)
NAMED_BY_US = ("route", "task", "view")  # what it happened in; else that is an address, or begins with one


def start_reports(dsn: str, **options: Any) -> None:
    """Report what is logged as an error, and what nobody caught, from now on."""
    sentry_sdk.init(
        dsn=dsn,
        data_collection=NOTHING,
        max_breadcrumbs=0,  # they would have statements and addresses
        traces_sample_rate=0.0,
        before_send=clean_event,
        **options,
    )


def clean_event(event: Any, _hint: Any) -> Any:
    """Return an event with nothing in it that our log would leave out."""
    request = event.pop("request", {})
    event["request"] = {name: request[name] for name in KEPT_OF_REQUEST if name in request}
    for name in ("user", "extra", "breadcrumbs", "server_name"):
        event.pop(name, None)
    if event.pop("transaction_info", {}).get("source") not in NAMED_BY_US:
        event.pop("transaction", None)
    event.setdefault("tags", {})["request"] = current_id()
    entry = event.get("logentry")
    if entry:
        said = entry.get("formatted") or entry.get("message") or ""
        event["logentry"] = {"message": leave_values_out(said)}
    for error in event.get("exception", {}).get("values", []):
        error["value"] = leave_values_out(error.get("value") or "")
    return event
