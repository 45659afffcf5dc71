from django.utils.translation import gettext_lazy as _

from api import translated_names


class CatalogConfig(translated_names.TranslatedAppConfig):
    name = "catalog"
    verbose_name = _("Catalogue")

    def ready(self) -> None:
        super().ready()
        from catalog import checks, log_ins, metrics  # noqa: F401  (registered by being imported)
        from catalog.doctor import mending, merging, product_checks  # noqa: F401  (likewise)
        from catalog.pictures import left_files, orphans  # noqa: F401  (likewise)
        from catalog.sources import examining  # noqa: F401  (likewise)
        from catalog.uploads import pruning  # noqa: F401  (likewise)
        from catalog.view_audit import retention  # noqa: F401  (likewise)
