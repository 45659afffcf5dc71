"""Products that nobody's list contains: no shopper who goes from product to product ever comes to them.

As the round goes, the twelve nearest designs of every product are noted. What none of them was at its end is on no list
of the whole catalogue, as far as content goes; rules that place a product by hand are respected.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.doctor.checks import Check, Found, Slice, register_check, register_observer
from catalog.doctor.deeds import Asked, Deed, DeedError, Done, register_deed
from catalog.models import DoctorDeed, Finding, Product
from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace, ProductEmbedding
from recommendations.curation.history import change_rule
from recommendations.doctor.listed import ListedProduct, note_listed
from recommendations.doctor.neighbourhoods import by_design, read_neighbourhoods
from recommendations.models import Rule

LIST = 12  # designs, as many as a page shows
BOOST = 1.5
BRINGING = (Rule.Kind.PIN, Rule.Kind.BOOST, Rule.Kind.LINK)


@register_observer
def note_lists(part: Slice) -> None:
    """Note what the lists of a slice contain; a variant stands for its design."""
    contained: set[int] = set()
    for neighbours in read_neighbourhoods(part).values():
        designs = {one.design for one in by_design(neighbours)[:LIST]}
        contained |= {one.product_id for one in neighbours if one.design in designs}
    if contained and part.round_began_at is not None:
        note_listed(sorted(contained), at=part.round_began_at)


def find_unlisted(part: Slice) -> Iterator[Found]:
    """Yield the products with a vector that no list of this round contains. New ones were not there to be listed."""
    began = part.round_began_at
    space = EmbeddingSpace.objects.live()
    if began is None or space is None:
        return
    listed = ListedProduct.objects.filter(pk__in=part.ids, listed_at__gte=began).values_list("pk", flat=True)
    bringing = Rule.objects.filter(target__in=part.ids, is_active=True, kind__in=BRINGING)
    embedded = ProductEmbedding.objects.filter(space=space, modality=FUSED, product__in=part.ids)
    brought = set(bringing.values_list("target", flat=True))
    left = set(embedded.values_list("product_id", flat=True)) - set(listed) - brought
    groups = {product.variant_group for product in part.products if product.pk in left and product.variant_group}
    others = ListedProduct.objects.filter(product__variant_group__in=groups, listed_at__gte=began)
    seen_groups = set(others.values_list("product__variant_group", flat=True))
    ListedProduct.objects.filter(pk__gte=part.ids[0], pk__lte=part.ids[-1], listed_at__lt=began).delete()
    for product in part.products:
        if product.pk in left and product.created_at < began and product.variant_group not in seen_groups - {""}:
            yield Found(product_id=product.pk, severity=0.5)


def boost(finding: Finding, product: Product, asked: Asked) -> Done:
    """Raise the product in the lists of its category."""
    if product.category_id is None:
        raise DeedError(gettext("It has no category in whose lists it could be raised."))
    rule = Rule(
        kind=Rule.Kind.BOOST,
        target=product,
        anchor_category_id=product.category_id,
        factor=BOOST,
        note=gettext("Doctor: in nobody's list"),
    )
    change_rule(rule, rule.save, by=asked.user)
    return Done({}, {"rule": rule.pk})


def drop_rule(kept: DoctorDeed, product: Product, by: AbstractBaseUser) -> None:
    rule = Rule.objects.filter(pk=kept.after["rule"]).first()
    if rule is not None:
        change_rule(rule, rule.delete, by=by)


register_deed(
    Deed(
        name="boost",
        title=_("Boost in its category"),
        do=boost,
        put_back=drop_rule,
        permissions=("catalog.change_product", "recommendations.add_rule"),
    )
)
register_check(
    Check(
        name="unlisted",
        title=_("In nobody's list"),
        advice=_(
            "None of the twelve similar products of any other one: shoppers find them by search or category alone. "
            "Better texts and pictures help; a rule brings them into the lists of their category."
        ),
        describe=lambda _details: gettext("No product has it among its twelve most similar ones."),
        deeds=("boost", "hide"),
        examine=find_unlisted,
        is_late=True,
    )
)
