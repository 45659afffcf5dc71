from django.utils.translation import gettext_lazy as _

from api import translated_names


class ApiConfig(translated_names.TranslatedAppConfig):
    name = "api"
    verbose_name = _("API access")
