"""Staff read the admin in their language, what other apps have brought into it as well."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.apps import apps
from django.utils import timezone

from api.models import ApiKey
from behaviour.staff_groups import make_groups

pytestmark = pytest.mark.django_db


@pytest.fixture
def chinese(admin_client, settings):
    """Staff with all permissions, who have chosen Chinese."""
    admin_client.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
    return admin_client


def test_states_of_keys(chinese):
    soon, before = timezone.now() + timedelta(days=1), timezone.now() - timedelta(days=1)
    for name, expires_at in (("new", soon), ("old", before), ("shut", None)):
        key, _ = ApiKey.objects.issue(name, scope="secret", expires_at=expires_at)
    key.revoke()
    page = chinese.get("/admin/api/apikey/").content.decode()
    assert re.findall('field-shown_state">([^<]+)', page) == ["已撤销", "已过期", "有效"]
    assert "状态" in page


def test_log_in_protection(chinese):
    AccessAttempt.objects.create(username="guess", failures_since_start=1, path_info="/admin/login/")
    page = chinese.get("/admin/axes/accessattempt/").content.decode()
    assert "登录保护" in page
    assert "已锁定" in page
    assert "次机会剩余" in page
    assert not re.findall("Axes|Locked|Remaining", page)


def test_permissions_name_models_in_chinese(chinese):
    page = chinese.get("/admin/auth/group/add/").content.decode()
    labels = re.findall(r"<option[^>]*>([^<]+ \| [^<]+)</option>", page)
    models = {label.split(" | ")[1] for label in labels}
    assert len(models) > 15
    assert [name for name in models if not re.search("[\u4e00-\u9fff]", name)] == []
    assert {label.split(" | ")[2] for label in labels} == {"新增", "修改", "删除", "查看", "可以查看个人的事件"}


def test_groups_are_called_by_their_chinese_names(chinese):
    make_groups(apps)  # those of the migration go with the first test that empties tables
    page = chinese.get("/admin/auth/group/").content.decode()
    assert all(name in page for name in ("查看者", "商品运营", "分析员", "运维"))


def test_choices_outside_of_forms_are_in_chinese(chinese):
    page = chinese.get("/admin/rule-calendar/").content.decode()
    assert "置顶到指定位置" in page
    assert "Pin at a position" not in page
