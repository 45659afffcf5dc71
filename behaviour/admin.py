"""Pages of the admin, each in the folder that it is about. Django looks for them here."""

from behaviour.events.admin import EventAdmin as EventAdmin
from behaviour.experiments.admin import ExperimentAdmin as ExperimentAdmin
from behaviour.forecast.admin import ForecastAdmin as ForecastAdmin
from behaviour.reports import desk_figures as desk_figures
from behaviour.reports.admin import PerformanceAdmin as PerformanceAdmin
from behaviour.retail.admin import AssortmentPage as AssortmentPage
from behaviour.retail.admin import SubstitutionDesk as SubstitutionDesk
from behaviour.versions.admin import VersionAdmin as VersionAdmin
