from django.utils.translation import gettext_lazy as _

from api import translated_names


class RecommendationsConfig(translated_names.TranslatedAppConfig):
    name = "recommendations"
    verbose_name = _("Recommendations")
