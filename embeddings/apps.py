from django.utils.translation import gettext_lazy as _

from api import translated_names


class EmbeddingsConfig(translated_names.TranslatedAppConfig):
    name = "embeddings"
    verbose_name = _("Embeddings")

    def ready(self) -> None:
        super().ready()
        from embeddings import checks, doctor, metrics, signals, tasks  # noqa: F401  (registered by being imported)
