from django.utils.translation import gettext_lazy as _

from api import translated_names


class BehaviourConfig(translated_names.TranslatedAppConfig):
    name = "behaviour"
    verbose_name = _("Behaviour")

    def ready(self) -> None:
        super().ready()
        from behaviour import checks, metrics, strategies  # noqa: F401  (registered by being imported)
        from behaviour.events import retention  # noqa: F401  (registered too)
        from behaviour.experiments.answering import answer_in_experiment
        from behaviour.reports import map_colouring  # noqa: F401  (registered too)
        from behaviour.serving import search_priors  # noqa: F401  (registered too)
        from recommendations.answering import register_answerer

        register_answerer(answer_in_experiment)
