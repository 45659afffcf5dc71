"""Settings of behaviour that cannot be used are named before anything runs by them."""

import pytest

from behaviour.checks import check_behaviour_settings


def test_the_settings_of_a_new_shop_are_fine():
    assert check_behaviour_settings() == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("KINDRED_BEHAVIOUR_PROMOTE", "never", "behaviour.E001"),
        ("KINDRED_BEHAVIOUR_HOUR", 24, "behaviour.E002"),
        ("KINDRED_EVENTS_KEPT_DAYS", 0, "behaviour.E003"),
        ("KINDRED_SESSIONS_KEPT_DAYS", -30, "behaviour.E003"),
        ("KINDRED_SEARCH_POPULARITY", 0.51, "behaviour.E004"),
        ("KINDRED_SEARCH_POPULARITY", float("nan"), "behaviour.E004"),
        ("KINDRED_SEARCH_MARGIN", -0.1, "behaviour.E004"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_with_its_value(settings, name, value, said):
    setattr(settings, name, value)
    [found] = check_behaviour_settings()
    assert (found.id, name in found.msg, str(value) in found.msg) == (said, True, True)


@pytest.mark.parametrize("name", ["KINDRED_EVENTS_KEPT_DAYS", "KINDRED_SESSIONS_KEPT_DAYS"])
def test_one_day_is_the_shortest_that_anything_is_kept(settings, name):
    setattr(settings, name, 1)
    assert check_behaviour_settings() == []
