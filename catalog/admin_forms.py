"""Forms of the admin: what people type there follows the rules that imports and the REST API follow."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, RegexValidator
from django.forms.fields import InvalidJSONInput
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_lazy

from api.parsers import RepeatedName, read_object
from catalog.fields import RULES, clean_stock
from catalog.models import Product, ProductImage
from catalog.pictures.checks import PictureError, check_number
from catalog.prices import read_price
from catalog.product_desk.json_editors import RowsEditor, WordingsEditor, read_usual_names
from catalog.refusals import BadValue, say_fault
from catalog.web_addresses import clean_url

LENGTH_AND_FORM = (MaxLengthValidator, RegexValidator)


class PriceField(forms.DecimalField):
    """A price as people write it. What decides how it is read is `currency`, the one beside it."""

    widget = forms.TextInput  # one for numbers takes no comma and no currency
    currency = ""
    named = ""  # the currency that the price itself names

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        try:
            price, self.named = read_price(value or "", currency=self.currency)
        except BadValue as error:
            raise ValidationError(error.sentence, code=error.code) from None
        return price

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return super().widget_attrs(widget) | {"inputmode": "decimal"}


class StockField(forms.IntegerField):
    """How many there are."""

    def to_python(self, value: Any) -> int | None:
        try:
            return clean_stock("" if value is None else str(value))
        except BadValue as error:
            raise ValidationError(error.sentence, code=error.code) from None


class FormDecoder(json.JSONDecoder):
    """Reads objects as the API does."""

    def __init__(self) -> None:
        super().__init__(object_pairs_hook=read_object)


class IndentedJSONField(forms.JSONField):
    """JSON one value a line, letters of all languages as they are."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs | {"decoder": FormDecoder})

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except RepeatedName as error:
            raise ValidationError(gettext("%s.") % error, code="repeated_name") from None
        except (RecursionError, ValueError):  # nested too deeply, or a number of thousands of digits
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What the user typed, letter for letter, when the form is shown again with an error."""
        return initial if self.disabled or data is None else InvalidJSONInput(data)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, InvalidJSONInput):
            return value
        return json.dumps(value, ensure_ascii=False, indent=2)


class ObjectField(IndentedJSONField):
    """A JSON object. Nothing is an empty one."""

    def __init__(self, **kwargs: Any) -> None:
        # Django compares a field whose default is a callable with a hidden copy, and takes none for an empty one.
        super().__init__(**kwargs | {"show_hidden_initial": False})

    def to_python(self, value: Any) -> Any:
        found = super().to_python(value)
        return {} if found is None else found


class PricedForm(forms.ModelForm[Product]):
    """A product's price, read with the currency that is sent along, or else with the product's own.

    Each field brings along what its page showed: who saves a page that is old by then changes what they touched, and
    nothing that a colleague or a feed has written meanwhile.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            is_known = not self.is_bound or self.add_initial_prefix(name) in self.data
            field.show_hidden_initial = self.instance.pk is not None and is_known
        if isinstance(price := self.fields.get("price"), PriceField):
            price.currency = self.data.get(self.add_prefix("currency"), self.instance.currency).strip().upper()

    def find_overwritten(self) -> list[str]:
        """Return how the fields are called that were touched here, and by somebody else since the page was opened."""
        return [str(self.fields[name].label or name) for name in self.changed_data if self._is_old(name)]

    def _is_old(self, name: str) -> bool:
        shown, field = self.data.get(self.add_initial_prefix(name)), self.fields[name]
        if shown is None:  # it had nothing to show
            return False
        stored = field.hidden_widget().format_value(field.prepare_value(self.initial.get(name)))
        return re.sub("\r\n?", "\n", shown) != re.sub("\r\n?", "\n", str("" if stored is None else stored))


class ListedForm(PricedForm):
    """A row of the list of products: its fields have no labels there, so each is named for those who hear it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = f"{capfirst(field.label or '')}: {self.instance.sku}"


class ProductForm(PricedForm):
    """A product. Fields that nobody touched are neither checked by our rules nor written: they stay as stored."""

    class Meta:
        widgets: ClassVar[dict[str, forms.Widget]] = {"attributes": RowsEditor(), "translations": WordingsEditor()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "attributes" in self.fields and isinstance(editor := self.fields["attributes"].widget, RowsEditor):
            editor.offer_names = partial(read_usual_names, self.instance.category_id)
        for name in RULES.keys() & self.fields.keys():  # the model judges the length, of what the rule has left
            field = self.fields[name]
            field.validators = [one for one in field.validators if not isinstance(one, LENGTH_AND_FORM)]

    @cached_property
    def changed_data(self) -> list[str]:
        return [name for name in super().changed_data if not self._is_untouched(name)]

    def _is_untouched(self, name: str) -> bool:
        """Did the browser send back what it was shown? It writes line ends in its own way, or drops them."""
        stored = self.fields[name].prepare_value(self.initial.get(name))
        shown = self.data.get(self.add_initial_prefix(name), stored)
        sent = self.data.get(self.add_prefix(name))
        if not isinstance(shown, str) or not isinstance(sent, str):
            return False
        if isinstance(self.fields[name].widget, forms.Textarea):
            return re.sub("\r\n?", "\n", shown) == re.sub("\r\n?", "\n", sent)
        return re.sub("[\r\n]", "", shown) == sent

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name, rule in RULES.items():
            if name not in cleaned or name not in self.changed_data:
                continue
            try:
                cleaned[name] = rule(cleaned[name])
            except BadValue as error:
                self.add_error(name, ValidationError(error.sentence, code=error.code))
            except ValidationError as error:
                self.add_error(name, error)
        named = getattr(self.fields.get("price"), "named", "")
        if named and cleaned.get("currency") == "" and "price" in self.changed_data:
            cleaned["currency"] = named
            self.changed_data.append("currency")
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        """The model judges no more than what was touched, either."""
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded | (self.fields.keys() - set(self.changed_data))


class ProductImageForm(forms.ModelForm[ProductImage]):
    """A picture by itself. Those in a product's form are counted there."""

    address = forms.CharField(  # the model's `source_url` is for programs to write
        label=gettext_lazy("Address in the shop"),
        required=False,
        max_length=ProductImage._meta.get_field("source_url").max_length,
        help_text=gettext_lazy("Where the shop has the same picture; a new file empties it"),
        widget=forms.TextInput(attrs={"class": "vURLField"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("address", self.instance.source_url)

    def clean_address(self) -> str:
        try:
            return clean_url(self.cleaned_data["address"])
        except BadValue as error:
            raise ValidationError(error.sentence, code=error.code) from None

    def save(self, commit: bool = True) -> ProductImage:
        if "address" in self.changed_data:
            self.instance.source_url = self.cleaned_data["address"]
        return super().save(commit)

    def clean_product(self) -> Product:
        product: Product = self.cleaned_data["product"]
        if product.pk != self.instance.product_id:
            try:
                check_number(product.images.count() + 1)
            except PictureError as error:
                raise ValidationError(say_fault(error)) from None
        return product
