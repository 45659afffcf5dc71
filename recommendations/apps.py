from django.utils.translation import gettext_lazy as _

from api import translated_names


class RecommendationsConfig(translated_names.TranslatedAppConfig):
    name = "recommendations"
    verbose_name = _("Recommendations")

    def ready(self) -> None:
        super().ready()
        from recommendations import metrics, worker  # noqa: F401  (registered by being imported)
        from recommendations.doctor import (  # noqa: F401  (registered by being imported)
            categories,
            duplicates,
            moving,
            prices,
            unlisted,
            variants,
        )
        from recommendations.golden import gate, judge  # noqa: F401  (likewise)
