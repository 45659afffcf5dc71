"""The strategies that go by behaviour: what each brings, and what it says about why a product is shown.

Importing this registers them.
"""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext, gettext_lazy

from api.field import current_field
from behaviour.serving.candidates import bring_for_person, bring_neighbours, bring_own, bring_ranking
from behaviour.serving.history import read_history
from behaviour.versions.version import Neighbours, Ranking
from recommendations.anchors import register_fact
from recommendations.strategies import (
    ANCHORS,
    STRATEGIES,
    VISITOR,
    Asked,
    Because,
    Brought,
    Strategy,
    in_their_categories,
    register_strategy,
)
from recommendations.visitors import Interest, register_history

LIFT = "similar_lift"  # the name of a fact of every list: how much the live version lifts
LIFT_WEIGHT = "SELECT v.settings -> 'similar_lift' FROM behaviour_version v WHERE v.status = 'live'"
CARTS = "carts"  # the name of another: null where the live version has no rows for carts
CARTS_SETTING = "SELECT v.settings -> 'cart_ridge' FROM behaviour_version v WHERE v.status = 'live'"
PRIOR_SHARE = 0.5  # below it more is borrowed from what is like a product than is known of the product itself


def weigh_anchors(asked: Asked) -> dict[int, float]:
    return {anchor.product_id: asked.weights.get(anchor.sku, 1.0) for anchor in asked.anchors}


def weigh_interests(interests: tuple[Interest, ...]) -> dict[int, float]:
    return {interest.product_id: interest.weight for interest in interests}


def bring_bundle(asked: Asked) -> Brought | None:
    """Of one product what goes best with it; of several what all of them together lack, once that was learned."""
    is_cart = len(asked.anchors) > 1 and asked.facts.get(CARTS) is not None
    kind = Neighbours.Kind.CART if is_cart else Neighbours.Kind.BUNDLE
    return bring_neighbours(kind, weigh_anchors(asked), is_strict=asked.is_strict)


def lift_similar(asked: Asked) -> Brought | None:
    """What is looked at with the anchors comes nearer, by as much as this shop's own validation has proven to help."""
    weight = asked.facts.get(LIFT) or 0.0
    lifted = bring_neighbours(Neighbours.Kind.VIEWED, weigh_anchors(asked)) if weight > 0 and not asked.is_own else None
    return replace(lifted, weight=float(weight)) if lifted else None


def bring_also_viewed(asked: Asked) -> Brought | None:
    return bring_neighbours(Neighbours.Kind.VIEWED, weigh_anchors(asked), is_strict=asked.is_strict)


def bring_personal(asked: Asked) -> Brought | None:
    if asked.is_own:
        return None
    weights = weigh_anchors(asked) | weigh_interests(asked.history.interests)
    return bring_for_person(weights, user_key=asked.history.user_key, is_strict=asked.is_strict)


def bring_next(asked: Asked) -> Brought | None:
    if asked.is_own:
        return None
    weights = weigh_anchors(asked) | weigh_interests(asked.history.latest)
    return bring_neighbours(Neighbours.Kind.VIEWED, weights, is_strict=asked.is_strict)


def bring_again(asked: Asked) -> Brought:
    """What was bought: of who bought nothing that is nothing, and not what is like what they looked at."""
    return bring_own(asked.history.bought)


def bring_trending(asked: Asked) -> Brought | None:
    return bring_ranking(Ranking.Kind.TRENDING)


def bring_popular(asked: Asked) -> Brought | None:
    """Of a known visitor, the categories weigh that they were interested in: by their share of all interest."""
    weights: dict[int, float] = {}
    for interest in asked.history.interests:
        if interest.category_id is not None:
            weights[interest.category_id] = weights.get(interest.category_id, 0.0) + interest.weight
    whole = sum(weights.values()) or 1.0
    return bring_ranking(Ranking.Kind.POPULAR, {category: weight / whole for category, weight in weights.items()})


def explain_bundle(because: Because) -> str:
    if because.share < PRIOR_SHARE:
        return current_field().call("like_together").replace("%s", because.title)
    return current_field().call("together_with").replace("%s", because.title)


def explain_also_viewed(because: Because) -> str:
    if because.share < PRIOR_SHARE:
        return gettext("Like what others looked at beside %s") % because.title
    return gettext("Others looked at it beside %s") % because.title


def explain_personal(because: Because) -> str:
    if not because.title:
        return gettext("Chosen by what you bought and looked at")
    if because.is_bought:
        return gettext("Because you bought %s") % because.title
    return gettext("Because you looked at %s") % because.title


def explain_again(because: Because) -> str:
    return gettext("You bought it before")


def explain_trending(because: Because) -> str:
    return gettext("Bought more than usual now")


def explain_popular(because: Because) -> str:
    return gettext("Bought by many")


register_history(read_history)
register_fact(LIFT, LIFT_WEIGHT)
register_fact(CARTS, CARTS_SETTING)
register_strategy(replace(STRATEGIES["similar"], lift=lift_similar))
for strategy in (
    Strategy(
        name="bundle",
        part="cart",
        title=gettext_lazy("Often bought together"),
        reason=gettext_lazy("Often bought together with {anchors}"),
        needs=ANCHORS,
        other_groups=True,
        bring=bring_bundle,
        explain=explain_bundle,
        fills=False,
        hides_known=True,
    ),
    Strategy(
        name="also_viewed",
        part="visits",
        title=gettext_lazy("Others also looked at"),
        reason=gettext_lazy("Others looked at it beside {anchors}"),
        needs=ANCHORS,
        bring=bring_also_viewed,
        explain=explain_also_viewed,
        hides_known=True,
    ),
    Strategy(
        name="trending",
        part="visits",
        title=gettext_lazy("Trending now"),
        reason=gettext_lazy("Bought more than usual now"),
        conditions=in_their_categories,
        bring=bring_trending,
        explain=explain_trending,
        hides_known=True,
    ),
    Strategy(
        name="popular",
        title=STRATEGIES["popular"].title,
        reason=STRATEGIES["popular"].reason,
        order="popular",
        conditions=in_their_categories,
        bring=bring_popular,
        explain=explain_popular,
        hides_known=True,
    ),
    Strategy(
        name="personal",
        part="visits",
        title=gettext_lazy("For you"),
        reason=gettext_lazy("Chosen by what you bought and looked at"),
        needs=VISITOR,
        bring=bring_personal,
        explain=explain_personal,
        hides_known=True,
    ),
    Strategy(
        name="next",
        part="visits",
        title=gettext_lazy("For you"),
        reason=gettext_lazy("Chosen by what you looked at just now"),
        needs=VISITOR,
        bring=bring_next,
        explain=explain_personal,
        hides_known=True,
    ),
    Strategy(
        name="again",
        part="visits",
        title=gettext_lazy("Buy again"),
        reason=gettext_lazy("You bought it before"),
        needs=VISITOR,
        bring=bring_again,
        explain=explain_again,
        fills=False,
    ),
):
    register_strategy(strategy)
