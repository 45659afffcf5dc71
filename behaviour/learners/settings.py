"""What a shop's own validation chooses. A version keeps it as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from behaviour.learners.content_prior import PriorSettings
from behaviour.learners.item_rows import RowSettings


@dataclass(frozen=True)
class Settings:
    """Everything that is learned with. The defaults are what did well on a gift shop's orders of one year."""

    bundle_size_power: float = 0.75  # a basket of s products counts 1 / s^power
    bundle_half_life_days: float = 90.0
    bundle_popularity_power: float = 0.2
    bundle_ease_share: float = 0.4
    bundle_ridge: float = 400.0
    bundle_prior_count: float = 30.0
    cart_size_power: float = 0.5
    cart_half_life_days: float = 180.0
    cart_ridge: float = 50.0
    cart_sharpness: float = 1.25
    viewed_popularity_power: float = 0.3
    viewed_half_life_days: float = 60.0
    personal_size_power: float = 0.5
    personal_ridge: float = 200.0
    personal_view_weight: float = 0.2  # of what was looked at together, against what one shopper bought
    trend_days: float = 14.0
    trend_power: float = 0.75
    own_half_life_days: float = 240.0
    own_reorder_power: float = 0.25
    own_share: float = 0.6  # in the list of everything that a user may buy next; the rest is what is new to them
    popular_half_life_days: float = 30.0
    similar_lift: float = 0.0  # of the best that is looked at with a product, beside a cosine of 1, in what is alike
    length: int = 100  # items kept of each row and profile: as good as 200 on a gift shop, and half as large

    @property
    def bundle(self) -> RowSettings:
        return RowSettings(
            popularity_power=self.bundle_popularity_power,
            ease_share=self.bundle_ease_share,
            prior=PriorSettings(
                prior_count=self.bundle_prior_count, nearness_power=4.0, likeness_power=0.5, facts_first=True
            ),
            complements_only=True,
            length=self.length,
        )

    @property
    def cart(self) -> RowSettings:
        return RowSettings(
            ease_share=1.0,
            sharpness=self.cart_sharpness,
            prior=PriorSettings(
                prior_count=0.0, recommended_count=0.0, lent_weight=0.1, nearness_power=4.0, likeness_power=0.5
            ),
            complements_only=True,
            length=self.length,
        )

    @property
    def viewed(self) -> RowSettings:
        prior = PriorSettings(prior_count=10.0, nearness_power=2.0, likeness_power=0.5, facts_first=True)
        return RowSettings(popularity_power=self.viewed_popularity_power, prior=prior, length=self.length)

    @property
    def personal(self) -> RowSettings:
        return RowSettings(ease_share=1.0, prior=PriorSettings(prior_count=2.0, nearness_power=1.0), length=self.length)

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """Return the settings; names that this version does not know are left out, missing ones are as by default."""
        known = {name: value for name, value in json.loads(text).items() if name in cls.__dataclass_fields__}
        return cls(**known)
