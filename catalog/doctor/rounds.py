"""The doctor's round: the whole catalogue, a few products at a time, once a day and whenever somebody asks.

What was embedded or mended, and what was saved since, is looked at first, so that a finding is gone soon after its
reason. What slips past both, such as a file that vanished, is found as the round comes to it. One worker is at it at a
time; one that dies leaves its lease, which runs out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from catalog.doctor.checks import OBSERVERS, Check, Slice, list_checks
from catalog.doctor.measuring import measure_some
from catalog.doctor.scores import note_scores
from catalog.doctor.writing import forget_hidden, write_findings
from catalog.models import DoctorRound, DueExamination, Product

SLICE = 100  # products: half a second where their pictures are known, some ten more for a hundred that are new
LATE_SLICE = 1_000  # products, of which next to nothing is read
BUDGET_S = 20.0  # of each minute
LEASE = timedelta(seconds=300)  # longer than the budget and a slice of it take
EVERY = timedelta(hours=24)
AT_REST, EACH, BESIDE_ALL = 0, 1, 2
LAG = timedelta(seconds=30)  # behind the clock: a change is committed a while after the moment it is dated with


def ask_for_round() -> None:
    """Have the whole catalogue looked at as soon as there is a worker for it."""
    DoctorRound.objects.update_or_create(pk=1, defaults={"asked_at": timezone.now()})


def ask_again(product_ids: Iterable[int]) -> None:
    """Have these products looked at before their turn."""
    with connection.cursor() as cursor:  # products may be deleted meanwhile: their rows stay until they are read
        cursor.execute(
            "INSERT INTO catalog_dueexamination (product_id) SELECT DISTINCT unnest(%s::bigint[]) ORDER BY 1 "
            "ON CONFLICT DO NOTHING",
            [list(product_ids)],
        )


def examine_due(*, budget_s: float = BUDGET_S) -> int:
    """Look at what is due until the budget is spent; return at how many products."""
    turn = _take_turn()
    if turn is None:
        return 0
    if turn.began_at is None:
        _begin(turn)
    if turn.stage == EACH:  # the round comes to them by itself
        DueExamination.objects.filter(pk__gt=turn.position).delete()
    until, count = time.monotonic() + budget_s, 0
    try:
        for step in (_examine_asked, _examine_changed, _go_on):
            while time.monotonic() < until:
                done = step(turn, until)
                count += done
                if not done:
                    break
    finally:
        DoctorRound.objects.filter(pk=1).update(leased_until=None)
    return count


def _take_turn() -> DoctorRound | None:
    """Return the round, leased to us, or None where another worker is at it."""
    now = timezone.now()
    DoctorRound.objects.get_or_create(pk=1, defaults={"changed_at": now})
    free = DoctorRound.objects.filter(Q(leased_until=None) | Q(leased_until__lt=now), pk=1)
    return DoctorRound.objects.get(pk=1) if free.update(leased_until=now + LEASE) else None


def _examine_asked(turn: DoctorRound, until: float) -> int:
    asked = list(DueExamination.objects.order_by("pk").values_list("pk", flat=True)[:SLICE])
    if not asked:
        return 0
    # Taken off first: what is asked for while they are looked at is there the next time.
    DueExamination.objects.filter(pk__in=asked).delete()
    looked_at = examine(asked, until=until)
    ask_again(set(asked) - set(looked_at))
    return len(looked_at)


def _examine_changed(turn: DoctorRound, until: float) -> int:
    """Look at what was saved since the last that was looked at, in the order of the index `product_by_change`."""
    if turn.changed_at is None:
        turn.changed_at = timezone.now()
    newer = Q(updated_at__gt=turn.changed_at) | Q(updated_at=turn.changed_at, pk__gt=turn.changed_id)
    changed = Product.objects.filter(newer, updated_at__gte=turn.changed_at, updated_at__lt=timezone.now() - LAG)
    rows = list(changed.order_by("updated_at", "pk").values_list("pk", "updated_at")[:SLICE])
    if not rows:
        DoctorRound.objects.filter(pk=1).update(changed_at=turn.changed_at, changed_id=turn.changed_id)
        return 0
    looked_at = set(examine([pk for pk, _ in rows], until=until))
    ask_again({pk for pk, _ in rows} - looked_at)
    turn.changed_id, turn.changed_at = rows[-1]
    DoctorRound.objects.filter(pk=1).update(changed_at=turn.changed_at, changed_id=turn.changed_id)
    return len(looked_at)


def _go_on(turn: DoctorRound, until: float) -> int:
    """Look at the next slice of the round, where one is under way or due."""
    turn.refresh_from_db()
    if turn.stage == AT_REST and not _begin(turn):
        return 0
    if turn.stage == EACH:
        return _advance(turn, until, size=SLICE, then=BESIDE_ALL)
    return _advance(turn, until, size=LATE_SLICE, then=AT_REST)


def _begin(turn: DoctorRound) -> bool:
    now = timezone.now()
    is_due = turn.began_at is None or turn.began_at < now - EVERY
    if not is_due and (turn.asked_at is None or (turn.began_at and turn.asked_at <= turn.began_at)):
        return False
    turn.stage, turn.position, turn.examined, turn.began_at = EACH, 0, 0, now
    turn.save(update_fields=["stage", "position", "examined", "began_at"])
    return True


def _advance(turn: DoctorRound, until: float, *, size: int, then: int) -> int:
    ids = list(Product.objects.filter(pk__gt=turn.position).order_by("pk").values_list("pk", flat=True)[:size])
    looked_at = examine(ids, until=until, turn=turn) if ids else []
    if turn.stage == EACH:
        turn.examined += Product.objects.shown().filter(pk__in=looked_at).count()
    turn.position = looked_at[-1] if looked_at else turn.position
    if len(looked_at) == len(ids) < size:
        _end_stage(turn, then=then)
    turn.save(update_fields=["stage", "position", "examined", "products", "ended_at"])
    if turn.stage == AT_REST:
        note_scores()
    return len(looked_at) or (1 if turn.stage != AT_REST else 0)


def _end_stage(turn: DoctorRound, *, then: int) -> None:
    turn.stage, turn.position = then, 0
    if then == AT_REST:
        turn.products, turn.ended_at = turn.examined, timezone.now()


def examine(product_ids: Sequence[int], *, until: float, turn: DoctorRound | None = None) -> list[int]:
    """Look at these products, as many from the front as there is time to measure pictures of; return which, by id."""
    is_late = turn is not None and turn.stage == BESIDE_ALL
    products = list(Product.objects.shown().filter(pk__in=product_ids).for_cards().order_by("pk"))
    measured = len(products) if is_late else measure_some(products, until=until)
    left_out = {product.pk for product in products[measured:]}
    looked_at = sorted(pk for pk in product_ids if not left_out or pk < min(left_out))
    part = Slice(products[:measured], round_began_at=turn.began_at if turn else None)
    forget_hidden(set(looked_at) - set(part.ids))
    checks = [check for check in list_checks() if check.is_late is is_late]
    _see(part, checks, observers=OBSERVERS if turn is not None and not is_late else ())
    return looked_at


def _see(part: Slice, checks: Sequence[Check], *, observers: Sequence[Callable[[Slice], None]]) -> None:
    if not part.products:
        return
    for observe in observers:
        observe(part)
    write_findings(part.ids, {check.name: list(check.examine(part)) for check in checks})
