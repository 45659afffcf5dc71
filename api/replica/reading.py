"""The door: `@from_replica` before a view that only reads."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import DatabaseError, DataError, InterfaceError, OperationalError
from psycopg.errors import QueryCanceled, SerializationFailure

from api.models import ApiKey
from api.replica.routing import read_from_replica, reads_replica
from api.replica.watching import watch

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


def from_replica(view: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
    """Have a view, or a method of one, read from the replica where there is one, it is fit, and who asks only reads.

    Whoever may write reads what they wrote, so staff and secret keys are answered by the primary. So is everybody where
    the replica fails: the view is then asked once more. It has to be one that can be asked twice.
    """

    @wraps(view)
    def answer(*args: Asked.args, **kwargs: Asked.kwargs) -> Answer:
        request: Any = next(one for one in args if hasattr(one, "META"))  # a method has its view before it
        if not watch.is_fit() or may_write(request):
            return view(*args, **kwargs)
        with read_from_replica():
            try:
                return view(*args, **kwargs)
            except (DatabaseError, InterfaceError) as error:
                if not (reads_replica() and is_worth_asking_again(error)):
                    raise
                if is_away(error):
                    watch.give_up("it broke off an answer")
        for upload in request.FILES.values():
            upload.seek(0)
        return view(*args, **kwargs)

    return answer


def may_write(request: Any) -> bool:
    """Whether this is somebody who signed in, or a key that writes."""
    key = getattr(request, "auth", None)
    return bool(request.user.is_authenticated or (isinstance(key, ApiKey) and key.may_write))


def raise_if_replica_failed(error: Exception) -> None:
    """Raise an error after which the primary is asked; who makes do without what failed inside of a view calls this."""
    if reads_replica() and is_worth_asking_again(error):
        raise error


def is_worth_asking_again(error: Exception) -> bool:
    """Whether the primary may answer. It would take as long (`statement_timeout`), and refuse the same values.

    It may after the replica's end, after a statement broken off to keep up, and where a column is too new for it.
    """
    is_ours = isinstance(error, DataError) or isinstance(error.__cause__, QueryCanceled)
    return isinstance(error, DatabaseError | InterfaceError) and not is_ours


def is_away(error: Exception) -> bool:
    is_conflict = isinstance(error.__cause__, SerializationFailure)  # with what is replayed, which goes first
    return isinstance(error, OperationalError | InterfaceError) and not is_conflict
