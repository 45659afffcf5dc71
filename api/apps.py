from django.utils.translation import gettext_lazy as _

from api import translated_names


class ApiConfig(translated_names.TranslatedAppConfig):
    name = "api"
    verbose_name = _("API access")

    def ready(self) -> None:
        super().ready()
        translated_names.translate_rights()
