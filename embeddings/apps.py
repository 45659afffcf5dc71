from django.utils.translation import gettext_lazy as _

from api import translated_names


class EmbeddingsConfig(translated_names.TranslatedAppConfig):
    name = "embeddings"
    verbose_name = _("Embeddings")

    def ready(self) -> None:
        super().ready()
        from embeddings import (  # noqa: F401  (registered by being imported)
            checks,
            doctor,
            metrics,
            signals,
            tasks,
            unused_inputs,
        )
        from embeddings.spaces import idle  # noqa: F401  (likewise)
