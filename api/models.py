"""Keys of the REST API: who may read, who may write, and since when."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

TOKEN_BYTES = 32  # 256 bits from the system: nothing to guess, so a plain sha256 at rest is enough
PREFIX_LENGTH = 17  # characters of the token that stay readable, to tell keys apart
LAST_USED_PRECISION = timedelta(minutes=1)  # a busy key costs one UPDATE a minute, not one a request


def hash_token(token: str) -> str:
    """Return what is stored of a token: 64 hexadecimal digits."""
    return hashlib.sha256(token.encode()).hexdigest()


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def usable(self, *, at: datetime) -> ApiKeyQuerySet:
        """Keys that are neither revoked nor expired."""
        return self.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=at), revoked_at__isnull=True)

    def find_by_token(self, token: str) -> ApiKey | None:
        """Return the usable key of `token`, or None.

        The lookup is by hash, so how long it takes says nothing about how much of a token was right.
        """
        return self.usable(at=timezone.now()).filter(token_hash=hash_token(token)).first()

    def issue(self, name: str, *, scope: str, expires_at: datetime | None = None) -> tuple[ApiKey, str]:
        """Make a key. Return it with its token, which is shown now and never again."""
        token = f"kindred_{'sk' if scope == ApiKey.Scope.SECRET else 'pk'}_{secrets.token_urlsafe(TOKEN_BYTES)}"
        key = self.create(
            name=name,
            scope=scope,
            prefix=token[:PREFIX_LENGTH],
            token_hash=hash_token(token),
            expires_at=expires_at,
        )
        return key, token


class ApiKey(models.Model):
    """What an application shows to be let in. Publishable keys may read and send events; secret keys may write too."""

    class Scope(models.TextChoices):
        PUBLISHABLE = "publishable", "Publishable: read, send events"
        SECRET = "secret", "Secret: read, send events, write"

    name = models.CharField(max_length=100, help_text="Whose key it is, such as 'iOS app'")
    scope = models.CharField(max_length=11, choices=Scope, default=Scope.PUBLISHABLE)
    prefix = models.CharField(max_length=20, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never")
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def may_write(self) -> bool:
        return self.scope == self.Scope.SECRET

    @property
    def state(self) -> str:
        """Whether it lets anybody in, in a word."""
        if self.revoked_at is not None:
            return gettext("revoked")
        if self.expires_at is not None and self.expires_at <= timezone.now():
            return gettext("expired")
        return gettext("active")

    def revoke(self) -> None:
        """Shut the key out at once. A second call changes nothing: the first moment is kept."""
        ApiKey.objects.filter(pk=self.pk, revoked_at__isnull=True).update(revoked_at=timezone.now())
        self.refresh_from_db(fields=["revoked_at"])

    def record_use(self) -> None:
        """Note that the key was used, at most once a minute."""
        now = timezone.now()
        if self.last_used_at is not None and now - self.last_used_at < LAST_USED_PRECISION:
            return
        ApiKey.objects.filter(pk=self.pk).update(last_used_at=now)
        self.last_used_at = now
