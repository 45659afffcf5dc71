"""The kinds of rows: what is learned from baskets, from visits, and from what each shopper has bought."""

from __future__ import annotations

import numpy as np

from behaviour.learners.content import Content
from behaviour.learners.content_prior import Lenders
from behaviour.learners.ease import fit_ease
from behaviour.learners.facts import Facts, Floats
from behaviour.learners.item_rows import ItemRows, learn_rows
from behaviour.learners.settings import Settings
from behaviour.learners.together import Together, count_together
from behaviour.learners.trend import measure_trend


def count_baskets(facts: Facts, *, settings: Settings) -> Together:
    """Return how often items are in one basket, for what goes with one of them."""
    half_life, power = settings.bundle_half_life_days, settings.bundle_size_power
    return count_together(facts.basket_lines(), size_power=power, half_life_days=half_life, now=facts.last_day)


def count_carts(facts: Facts, *, settings: Settings) -> Together:
    """Return the same for what a cart lacks: large and old baskets say more of it, since it is large itself."""
    half_life, power = settings.cart_half_life_days, settings.cart_size_power
    return count_together(facts.basket_lines(), size_power=power, half_life_days=half_life, now=facts.last_day)


def count_shoppers(facts: Facts, views: Facts, *, settings: Settings) -> Together:
    """Return how often items are with one shopper: bought by one user, or looked at in one visit, which counts less."""
    lines = facts.shopper_lines().join(views.basket_lines(), weight=settings.personal_view_weight)
    return count_together(lines, size_power=settings.personal_size_power)


def count_visits(views: Facts, *, settings: Settings) -> Together:
    """Return how often items are looked at in one visit."""
    return count_together(
        views.basket_lines(), half_life_days=settings.viewed_half_life_days, now=views.last_day, size_power=0.5
    )


def learn_bundle(facts: Facts, *, settings: Settings, content: Content, lenders: Lenders) -> ItemRows:
    """Return what is bought together with each item: complements, never its variants or near-duplicates."""
    together = count_baskets(facts, settings=settings)
    ease = fit_ease(together, ridge=settings.bundle_ridge) if settings.bundle_ease_share else None
    return learn_rows(together, settings=settings.bundle, content=content, lenders=lenders, ease=ease)


def learn_cart(facts: Facts, *, settings: Settings, content: Content, lenders: Lenders) -> ItemRows:
    """Return what each item of a cart says about what it lacks: rows that are made to be summed.

    EASE knows what the other items explain already: of what each says, only what is its own is added up.
    """
    together = count_carts(facts, settings=settings)
    ease = fit_ease(together, ridge=settings.cart_ridge)
    return learn_rows(together, settings=settings.cart, content=content, lenders=lenders, ease=ease)


def learn_viewed(views: Facts, *, settings: Settings, content: Content, lenders: Lenders) -> ItemRows:
    """Return what is looked at in one visit with each item: mostly what may take its place."""
    return learn_rows(
        count_visits(views, settings=settings), settings=settings.viewed, content=content, lenders=lenders
    )


def learn_personal(facts: Facts, views: Facts, *, settings: Settings, content: Content, lenders: Lenders) -> ItemRows:
    """Return what each item says about what its buyer will like, more of what is asked for more than usual now."""
    together = count_shoppers(facts, views, settings=settings)
    ease = fit_ease(together, ridge=settings.personal_ridge)
    boosts = measure_boosts(facts, settings=settings)
    return learn_rows(together, settings=settings.personal, content=content, lenders=lenders, ease=ease, boosts=boosts)


def measure_boosts(facts: Facts, *, settings: Settings) -> Floats:
    """Return by how much each item is to be shown more, since it sells more than its usual just now."""
    boosts: Floats = measure_trend(facts, days=settings.trend_days).ratios ** np.float32(settings.trend_power)
    return boosts
