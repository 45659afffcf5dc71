"""What staff say of an uploaded file: how it is written, and what its columns mean."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.importers.report import ImportFileError
from catalog.importers.shop_pages import clean_shop_url
from catalog.models import Source, Upload
from catalog.prices import clean_currency
from catalog.refusals import BadValue
from catalog.sources.value_checks import validate_encoding
from catalog.uploads.advice import word_for_pages
from catalog.uploads.columns import OURS, PRICES, find_currency, find_faults, offer_targets
from catalog.uploads.receiving import guess_columns

ENCODINGS = (
    "utf-8", "utf-16", "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "gb18030",
    "big5", "shift_jis", "euc_jp", "euc-kr", "koi8-r", "iso-8859-1", "iso-8859-2",
)  # fmt: skip
CHOICES = {
    "format": Upload.Format.choices,
    "decimal": Source.Decimal.choices,
    "completeness": Upload.Completeness.choices,
}


class UploadForm(forms.ModelForm[Upload]):
    """How the file is read. `save` keeps it on the upload, and does not write it."""

    class Meta:
        model = Upload
        fields = ("format", "encoding", "decimal", "currency", "completeness", "source", "shop_url")
        labels = {
            "format": _("What wrote the file"),
            "encoding": _("Encoding"),
            "decimal": _("Prices are written as"),
            "currency": _("Currency"),
            "completeness": _("The file is"),
            "source": _("Name of its source"),
            "shop_url": _("Address of the shop"),
        }
        help_texts = {
            "currency": _(
                "Of prices that the file gives none for, such as EUR. Empty: products keep the one they have."
            ),
            "completeness": _("Hidden are only products that earlier imports with the same source name made."),
            "source": _("Products that the import makes carry it. Give each supplier a name of its own."),
            "shop_url": _("Such as https://shop.example, where the file names pages and pictures without it."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = dict.fromkeys([*ENCODINGS, self.instance.encoding])
        self.fields["encoding"] = forms.ChoiceField(
            label=self.fields["encoding"].label, choices=[(name, name.upper()) for name in known]
        )
        for name in ("decimal", "currency", "completeness", "shop_url"):
            self.fields[name].required = False
        for name, choices in CHOICES.items():  # looked up now: when this class was made, no language was known
            self.fields[name].choices = [(value, gettext(str(label))) for value, label in choices]  # type: ignore[attr-defined]
        self.targets = offer_targets(self.instance.columns)

    def clean_currency(self) -> str:
        return _clean(clean_currency, self.cleaned_data["currency"])

    def clean_shop_url(self) -> str:
        return _clean(clean_shop_url, self.cleaned_data["shop_url"]) if self.cleaned_data["shop_url"] else ""

    def clean_encoding(self) -> str:
        validate_encoding(self.cleaned_data["encoding"])
        return str(self.cleaned_data["encoding"])

    def clean(self) -> dict[str, Any]:
        """Read what the columns mean; those that are not named keep what they meant."""
        cleaned = super().clean() or {}
        self.chosen: list[tuple[str, str]] = []
        allowed = {target for target, _label in self.targets}
        for at, (name, was) in enumerate(self.instance.columns):
            target = was if was == OURS else self.data.get(f"column-{at}", was)
            self.chosen.append((name, target))
        if any(target not in allowed | {OURS} for _name, target in self.chosen):
            raise forms.ValidationError(_("A column is said to be something that there is not."))
        _missing, twice = find_faults(self.chosen)
        if twice:
            said = _("Several columns are said to be the same: %s. Leave out or keep as attributes all but one.")
            raise forms.ValidationError(said % ", ".join(str(dict(self.targets)[target]) for target in twice))
        if cleaned.get("format") != Upload.Format.CSV:
            self.chosen = []
        elif "encoding" in cleaned and (not self.chosen or "encoding" in self.changed_data):
            self._look_again(cleaned["encoding"])
        if not cleaned.get("currency"):
            cleaned["currency"] = self._find_currency()
        return cleaned

    def _find_currency(self) -> str:
        """Return what currency the headings name that are said to be a price only now."""
        priced = [
            name for name, target in self.chosen if target in PRICES and [name, target] not in self.instance.columns
        ]
        return next(filter(None, map(find_currency, priced)), "")

    def _look_again(self, encoding: str) -> None:
        """Guess the columns of what is a table only now, or is read in another encoding."""
        try:
            self.chosen = guess_columns(self.instance, encoding=encoding)
        except (ImportFileError, LookupError) as error:
            raise forms.ValidationError(word_for_pages(str(error))) from None

    def save(self, commit: bool = False) -> Upload:
        """Return the upload with what was said; it is not written."""
        upload: Upload = super().save(commit=False)
        upload.columns = self.chosen
        return upload


def _clean(rule: Any, text: str) -> str:
    try:
        return str(rule(text))
    except (BadValue, ImportFileError) as error:
        raise forms.ValidationError(getattr(error, "sentence", str(error))) from None
