"""What the catalogue doctor knows of pictures and texts as encoders see them."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy, ngettext

from catalog.doctor.checks import Check, Found, Slice, register_check
from catalog.doctor.remarks import Link, Remark, register_remarks
from catalog.models import Product
from embeddings.composition import EVERY_TRANSLATION, parse_composition
from embeddings.models import EmbeddingSpace
from embeddings.placeholders import PlaceholderPicture

SAMPLED_PRODUCTS = 1_000


def find_placeholders(part: Slice) -> Iterator[Found]:
    """Yield products with a picture that so many designs share that it counts as missing."""
    images = [image for product in part.products for image in product.images.all()]
    shared = set(
        PlaceholderPicture.objects.filter(pk__in={image.sha256 for image in images}).values_list("pk", flat=True)
    )
    for (product_id, sha256), image in {(image.product_id, image.sha256): image for image in images}.items():
        if sha256 in shared:
            details = {"image_id": image.pk, "sha256": sha256}
            yield Found(product_id=product_id, about=sha256, severity=0.7, details=details)


register_check(
    Check(
        name="placeholder_picture",
        title=gettext_lazy("Placeholder pictures"),
        advice=gettext_lazy(
            "So many designs share them that they count as missing: these products are compared by their texts. Give "
            "them pictures of their own, or a variant group if they are one design."
        ),
        describe=lambda _details: gettext("Products of many different designs have this picture."),
        deeds=("add_picture", "remove_picture", "hide"),
        examine=find_placeholders,
    )
)


@register_remarks("spaces fitted with placeholders", title=gettext_lazy("Spaces fitted with placeholder pictures"))
def check_fits() -> Iterator[Remark]:
    """Name fitted spaces that are older than what is known of placeholders."""
    for space in EmbeddingSpace.objects.kept_fresh():
        later = PlaceholderPicture.objects.filter(found_at__gt=space.created_at).count() if space.fitted_on else 0
        if later:
            yield Remark(
                message=ngettext(
                    "Space %(name)s was fitted before %(count)d placeholder picture was found.",
                    "Space %(name)s was fitted before %(count)d placeholder pictures were found.",
                    later,
                )
                % {"name": space.name, "count": later},
                advice=gettext(
                    "Its vectors are free of it, what was learned for it may not be: `manage.py spaces create NAME "
                    "--build` fits a space without it and encodes nothing again; compare it, then promote it."
                ),
                links=(Link(space.name, reverse("admin:embeddings_embeddingspace_change", args=[space.pk])),),
            )


@register_remarks("languages of search", title=gettext_lazy("Search in other languages"))
def check_languages() -> Iterator[Remark]:
    """Name the languages of the pages in which products have no titles, or titles that no vector knows."""
    others = [(code, name) for code, name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
    sample = list(Product.objects.shown().order_by("pk").values_list("pk", flat=True)[:SAMPLED_PRODUCTS])
    encoded = _encoded_languages()
    for code, name in others if sample else ():
        codes = list(dict.fromkeys((code, code.split("-", maxsplit=1)[0])))
        missing = len(sample) - Product.objects.filter(_is_translated(codes), pk__in=sample).count()
        if missing:
            yield Remark(
                message=gettext("Titles lack translations for %(language)s: %(missing)d of %(count)d looked at.")
                % {"language": name, "missing": missing, "count": len(sample)},
                advice=gettext(
                    "Search in that language is weak: it finds those products only as far as the text encoder "
                    "understands it. Import translated titles."
                ),
            )
        if missing < len(sample) and encoded is not None and not encoded & {*codes, EVERY_TRANSLATION}:
            yield Remark(
                message=gettext("Translated titles for %(language)s are there, and the live space encodes none.")
                % {"language": name},
                advice=gettext(
                    "Search in that language is weak: make a space with `manage.py spaces create NAME --composition "
                    'FILE --build` whose composition has a part with "languages": ["*"], compare it, then promote it.'
                ),
            )


def _encoded_languages() -> set[str] | None:
    """Return the languages whose texts the live space encodes; None before there is one."""
    live = EmbeddingSpace.objects.live()
    if live is None:
        return None
    return {language for part in parse_composition(live.text_composition) for language in part.languages}


def _is_translated(codes: list[str]) -> Q:
    condition = Q()
    for code in codes:
        title = f"translations__{code}__title"
        condition |= Q(**{f"{title}__isnull": False}) & ~Q(**{title: ""})
    return condition
