"""A source and its runs in words, for the terminal, and as JSON, for programs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from catalog.models import Source, SourceRun
from catalog.sources.advice import word_for_sources

COUNTS = ("created", "changed", "unchanged", "rejected", "deactivated", "deleted")
SHOWN_REASONS, SHOWN_WARNINGS, SHOWN_VANISHED = 10, 20, 5


def describe_state(source: Source, last: SourceRun | None) -> str:
    """Say in a few words how it stands with a source."""
    if last and last.state in SourceRun.AT_WORK:
        return f"{last.get_state_display().lower()}, {last.rows} rows"
    if source.asking_run_id:
        return "waits for you"
    if source.failures:
        return f"failed {source.failures} times" if source.failures > 1 else "failed"
    if source.is_enabled:
        return "enabled"
    return "not enabled" if source.is_tried else "not tried"


def describe_counts(run: SourceRun) -> str:
    """Say what a run did, or would have done."""
    words = {"created": "create", "changed": "change", "deactivated": "deactivate", "deleted": "delete"}
    parts = []
    for name in COUNTS:
        count = getattr(run, name)
        if count or name in ("created", "changed", "unchanged", "rejected"):
            parts.append(f"would {words[name]} {count:,}" if run.is_dry and name in words else f"{name} {count:,}")
    said = ", ".join(parts)
    return f"{said[:1].upper()}{said[1:]}."


def describe_run(run: SourceRun) -> Iterator[str]:
    """Yield lines: what was done, which rows were rejected and why, what is to be known."""
    if run.state == SourceRun.State.UNCHANGED:
        yield "Unchanged since it was read last."
        return
    if run.size or run.rows:
        yield describe_counts(run)
    if run.pictures:
        yield f"{run.pictures:,} pictures {'would be' if run.is_dry else 'are'} fetched."
    for reason in run.reasons[:SHOWN_REASONS]:
        where = ", ".join(
            f"line {one['line']}" + (f" ({one['sku']})" if one["sku"] else "") for one in reason["examples"]
        )
        yield f"  rejected {reason['count']:,}: {word_for_sources(reason['reason'])}" + (f" — {where}" if where else "")
    if len(run.reasons) > SHOWN_REASONS:
        yield f"  and {len(run.reasons) - SHOWN_REASONS} more reasons"
    yield from map(word_for_sources, run.warnings[:SHOWN_WARNINGS])
    if len(run.warnings) > SHOWN_WARNINGS:
        yield f"and {len(run.warnings) - SHOWN_WARNINGS} more warnings"
    if run.vanished:
        named = ", ".join(one["sku"] for one in run.vanished_examples[:SHOWN_VANISHED])
        more = f" and {run.vanished - SHOWN_VANISHED:,} more" if run.vanished > SHOWN_VANISHED else ""
        yield f"Not in the feed any more: {named}{more}."


def as_json(source: Source, last: SourceRun | None) -> dict[str, Any]:
    """Return what is known of a source. Of credentials, only that there are some."""
    plain = ("name", "kind", "address", "currency", "language", "shop_url", "pictures", "vanished", "guard", "failures")
    return {
        **{name: getattr(source, name) for name in plain},
        "schedule": str(source.timetable),
        "has_credentials": source.has_credentials,
        "is_enabled": source.is_enabled,
        "state": describe_state(source, last),
        "next_run_at": _spell(source.next_run_at),
        "last_run": last and _run_as_json(last),
    }


def _run_as_json(run: SourceRun) -> dict[str, Any]:
    plain = ("start", "state", "rows", "size", "pictures", "vanished", "reasons", "warnings", "error", *COUNTS)
    moments = ("created_at", "started_at", "ended_at")
    return {name: getattr(run, name) for name in plain} | {name: _spell(getattr(run, name)) for name in moments}


def _spell(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
