"""Findings as they are written: what is found is there once, and what is not found any more is gone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from django.db import transaction

from catalog.doctor.checks import Found
from catalog.models import Finding, Product

Key = tuple[str, int, int | None, str]


def write_findings(product_ids: Sequence[int], found: Mapping[str, Sequence[Found]]) -> None:
    """Make the findings of these checks on these products what was found just now.

    What somebody ignores stays as it is, whether it is found or not: found again, it is still ignored.
    """
    wanted: dict[Key, Found] = {
        (name, one.product_id, one.other_id, one.about[:80]): one for name, several in found.items() for one in several
    }
    with transaction.atomic():
        named = {number for key in wanted for number in (key[1], key[2]) if number} | set(product_ids)
        there = set(Product.objects.filter(pk__in=named).order_by("pk").values_list("pk", flat=True))
        held = {key_of(one): one for one in Finding.objects.concerning(product_ids).filter(check_name__in=found)}
        gone = [one.pk for key, one in held.items() if key not in wanted and one.ignored_at is None]
        Finding.objects.filter(pk__in=gone, ignored_at=None).delete()
        changed = [_update(held[key], one) for key, one in wanted.items() if key in held and _differs(held[key], one)]
        Finding.objects.bulk_update(changed, ["severity", "details"])
        new = [
            _make(key, one)
            for key, one in wanted.items()
            if key not in held and key[1] in there and (key[2] is None or key[2] in there)
        ]
        Finding.objects.bulk_create(new, ignore_conflicts=True)


def forget_hidden(product_ids: Collection[int]) -> None:
    """Take off what was found of products that are not for sale any more."""
    if product_ids:
        Finding.objects.open().concerning(product_ids).delete()


def key_of(finding: Finding) -> Key:
    return finding.check_name, finding.product_id, finding.other_id, finding.about


def _make(key: Key, found: Found) -> Finding:
    name, product_id, other_id, about = key
    return Finding(
        check_name=name,
        product_id=product_id,
        other_id=other_id,
        about=about,
        severity=found.severity,
        details=dict(found.details),
    )


def _differs(finding: Finding, found: Found) -> bool:
    return (finding.severity, finding.details) != (found.severity, dict(found.details))


def _update(finding: Finding, found: Found) -> Finding:
    finding.severity, finding.details = found.severity, dict(found.details)
    return finding
