"""Keys in the admin: made here, shown once, revoked here."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from api.confirmation import ask_first
from api.models import ApiKey


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin[ApiKey]):
    """A key is never edited but for its name and expiry: what it may do was promised when it was made."""

    list_display = ["name", "scope", "shown_prefix", "shown_state", "created_at", "last_used_at", "expires_at"]
    list_filter = ["scope"]
    search_fields = ["name", "prefix"]
    fields = ["name", "scope", "expires_at"]
    actions = ["revoke"]

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> list[str]:
        return ["scope"] if obj else []

    def save_model(self, request: HttpRequest, obj: ApiKey, form: ModelForm[ApiKey], change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        key, token = ApiKey.objects.issue(obj.name, scope=obj.scope, expires_at=obj.expires_at)
        obj.__dict__.update(key.__dict__)  # the admin goes on with `obj`: its log entry and its redirect
        said = format_html("{} <code>{}</code>", gettext("Copy the key now, it is not shown again:"), token)
        messages.warning(request, said)

    @admin.display(description=_("key"))
    def shown_prefix(self, key: ApiKey) -> str:
        return f"{key.prefix}…"

    @admin.display(description=_("state"))
    def shown_state(self, key: ApiKey) -> str:
        return key.state

    @admin.action(description=_("Revoke: shut these keys out at once"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> HttpResponse | None:
        names = ", ".join(queryset.values_list("name", flat=True))
        page = ask_first(
            self,
            request,
            question=gettext("Revoke %(names)s?") % {"names": names},
            consequences=[gettext("Whoever uses these keys is shut out at once. A revoked key cannot be revived.")],
            queryset=queryset,
        )
        if page:
            return page
        for key in queryset:
            key.revoke()
        self.message_user(request, gettext("Revoked: %s.") % names)
        return None
