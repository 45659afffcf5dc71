"""The form of a source. Credentials go in and never come out again."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.models import Source
from catalog.sources.feed import Credentials, FeedError
from catalog.sources.feed_server import write_secret
from catalog.sources.options import clean_source

CREDENTIALS = ("log_in_by", "log_in_name", "secret", "forget_credentials")


class SourceForm(forms.ModelForm[Source]):
    """A source as whoever uses the admin may make it: files are those of the folder of feeds."""

    log_in_by = forms.ChoiceField(
        label=_("Log in by"),
        required=False,
        choices=[
            ("", "---------"),
            ("basic", _("User name and password")),
            ("bearer", _("Bearer token")),
            ("header", _("A header of its own")),
        ],
    )
    log_in_name = forms.CharField(label=_("User name, or name of the header"), required=False, max_length=200)
    secret = forms.CharField(
        label=_("Password, token or value"),
        required=False,
        max_length=4000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    forget_credentials = forms.BooleanField(label=_("Forget the credentials that are kept"), required=False)

    class Meta:
        model = Source
        fields = (
            "name", "kind", "address", "schedule", "currency", "decimal", "shop_url", "language", "encoding",
            "pictures", "claims", "vanished", "guard",
        )  # fmt: skip
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "address": forms.TextInput(attrs={"class": "vTextField", "inputmode": "url"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "secret" in self.fields:
            is_set = self.instance.has_credentials
            kept = gettext("Set. Nobody is shown it again; empty fields keep it.")
            self.fields["secret"].help_text = kept if is_set else gettext("Not set. Kept encrypted, and never shown.")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "secret" in self.fields:
            cleaned["credentials"] = self._read_credentials(cleaned)
        return cleaned

    def _read_credentials(self, cleaned: dict[str, Any]) -> Credentials | None:
        """Return credentials that were typed; None where the ones that are kept stay."""
        kind, name, secret = (cleaned.get(field) or "" for field in CREDENTIALS[:3])
        if not (kind or name or secret):
            return None
        if not kind:
            self.add_error("log_in_by", gettext("Say how to log in."))
        elif not secret:
            self.add_error(
                "secret", gettext("Give the password, token or value as well: the one that is kept is not read back.")
            )
        elif kind in ("basic", "header") and not name:
            self.add_error("log_in_name", gettext("This way of logging in has a name."))
        else:
            credentials = Credentials(kind=kind, name=name, secret=secret)
            try:
                write_secret(credentials)
            except FeedError as error:
                self.add_error("secret", str(error))
            return credentials
        return None

    def _post_clean(self) -> None:
        """Judge the source by the rules that the command has as well, once the fields are those of the form."""
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        try:
            clean_source(
                self.instance,
                is_operator=False,
                keeps_address="address" not in self.changed_data,
                keeps_credentials=not any(map(self.cleaned_data.get, ("credentials", "forget_credentials"))),
            )
        except ValidationError as error:
            self._update_errors(error)  # type: ignore[attr-defined]

    def save(self, commit: bool = True) -> Source:
        if self.cleaned_data.get("credentials"):
            self.instance.set_credentials(self.cleaned_data["credentials"])
        elif self.cleaned_data.get("forget_credentials"):
            self.instance.set_credentials(None)
        return super().save(commit)
