"""The tables of this app, each in the folder that it is about."""

from behaviour.events.event import ClearedSessions as ClearedSessions
from behaviour.events.event import Event as Event
from behaviour.events.event import EventKey as EventKey
from behaviour.experiments.experiment import Arm as Arm
from behaviour.experiments.experiment import Experiment as Experiment
from behaviour.experiments.experiment import GuardRail as GuardRail
from behaviour.experiments.unit import ExperimentLook as ExperimentLook
from behaviour.experiments.unit import ExperimentUnit as ExperimentUnit
from behaviour.forecast.forecast import Forecast as Forecast
from behaviour.privacy.tombstone import Tombstone as Tombstone
from behaviour.reports.daily_counts import CountedDay as CountedDay
from behaviour.reports.daily_counts import Counting as Counting
from behaviour.reports.daily_counts import DailyCount as DailyCount
from behaviour.reports.daily_counts import DailyTotal as DailyTotal
from behaviour.retail.tables import CategoryPair as CategoryPair
from behaviour.retail.tables import PriceGap as PriceGap
from behaviour.retail.tables import ShortStock as ShortStock
from behaviour.retail.tables import UnseenProduct as UnseenProduct
from behaviour.versions.version import Neighbours as Neighbours
from behaviour.versions.version import Profile as Profile
from behaviour.versions.version import Ranking as Ranking
from behaviour.versions.version import Version as Version
