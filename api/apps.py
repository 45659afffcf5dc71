from contextlib import suppress

from django.utils.translation import gettext_lazy as _

from api import translated_names
from api.field import FieldError, current_field
from api.field_words import teach_nouns


class ApiConfig(translated_names.TranslatedAppConfig):
    name = "api"
    verbose_name = _("API access")

    def ready(self) -> None:
        super().ready()
        translated_names.translate_rights()
        from api.metrics import servers, tasks  # noqa: F401  (registered by being imported)

        with suppress(FieldError):  # catalog/checks.py says what is amiss
            teach_nouns(current_field())
