"""Keys, permissions and rates."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from types import SimpleNamespace

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from api import throttling
from api.models import ApiKey
from catalog.models import Product
from tests.api.callers import ApiClient, problem

BODY = {"title": "x"}


def test_only_a_hash_of_a_key_is_kept(db):
    key, token = ApiKey.objects.issue("app", scope="publishable")
    stored = ApiKey.objects.values().get()
    assert token not in [str(value) for value in stored.values()]
    assert token.startswith("kindred_pk_")
    assert key.prefix == token[:17]
    assert len(stored["token_hash"]) == 64


@pytest.mark.parametrize("header", ["Authorization", "X-Api-Key"])
def test_a_secret_key_writes_with_either_header(db, header):
    _key, token = ApiKey.objects.issue("shop", scope="secret")
    value = f"Bearer {token}" if header == "Authorization" else token
    assert ApiClient(headers={header: value}).call("PUT", "products/A/", BODY).status_code == 201


def test_a_publishable_key_reads_and_does_not_write(app, make_product):
    make_product("A")
    assert app.call("GET", "products/A/").status_code == 200
    answer = app.call("PUT", "products/A/", BODY)
    assert (answer.status_code, problem(answer)["code"]) == (403, "permission_denied")
    assert Product.objects.get().title == "Title of A"


def test_nobody_writes_without_a_key(anyone):
    for method, path in (("PUT", "products/A/"), ("POST", "products/"), ("POST", "products/bulk/")):
        answer = anyone.call(method, path, {"sku": "A", **BODY})
        assert (answer.status_code, problem(answer)["code"]) == (401, "not_authenticated")
        assert answer["WWW-Authenticate"] == 'Bearer realm="Kindred"'
    assert not Product.objects.exists()


@pytest.mark.parametrize("state", ["unknown", "revoked", "expired", "empty"])
def test_a_key_that_is_no_good_is_refused_even_for_reading(db, state):
    key, token = ApiKey.objects.issue("app", scope="secret")
    if state == "revoked":
        key.revoke()
    if state == "expired":
        ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    token = {"unknown": token + "x", "empty": ""}.get(state, token)
    answer = ApiClient(headers={"X-Api-Key": token}).call("GET", "products/")
    assert (answer.status_code, problem(answer)["code"]) == (401, "invalid_api_key")


def test_reading_can_be_made_to_need_a_key(anyone, app, settings):
    settings.KINDRED_API_PUBLIC_READ = False
    assert problem(anyone.call("GET", "products/"))["status"] == 401
    assert app.call("GET", "products/").status_code == 200


def test_last_use_is_written_at_most_once_a_minute(db):
    key, token = ApiKey.objects.issue("app", scope="publishable")
    client = ApiClient(headers={"X-Api-Key": token})
    client.call("GET", "products/")
    key.refresh_from_db()
    first = key.last_used_at
    assert first is not None
    client.call("GET", "products/")
    key.refresh_from_db()
    assert key.last_used_at == first
    ApiKey.objects.update(last_used_at=first - timedelta(minutes=1))
    client.call("GET", "products/")
    key.refresh_from_db()
    assert key.last_used_at > first


def test_a_key_that_is_revoked_again_keeps_the_first_moment(db):
    key, _token = ApiKey.objects.issue("app", scope="publishable")
    key.revoke()
    first = key.revoked_at
    key.revoke()
    assert key.revoked_at == first


def test_staff_write_with_their_permission_and_a_csrf_token(db):
    user = User.objects.create_user("ann", password="x", is_staff=True)
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    put = {"path": "/api/v1/products/A/", "data": BODY, "content_type": "application/json"}
    assert problem(client.put(**put))["detail"].startswith("CSRF Failed")
    client.cookies["csrftoken"] = token = "a" * 32
    assert problem(client.put(**put, headers={"X-CSRFToken": token}))["code"] == "permission_denied"
    user.user_permissions.set(Permission.objects.filter(codename__in=["add_product", "change_product"]))
    assert client.put(**put, headers={"X-CSRFToken": token}).status_code == 201


@pytest.mark.parametrize(
    ("permissions", "allowed"),
    [
        (["view"], set()),
        (["add"], {"POST products/"}),
        (["change"], {"PATCH products/A/"}),
        (["add", "change"], {"POST products/", "PUT products/B/", "PATCH products/A/", "POST products/bulk/"}),
        (["delete"], {"DELETE products/A/"}),
    ],
)
def test_staff_do_by_the_api_what_they_may_in_the_admin(db, make_product, permissions, allowed):
    """What makes a product where there is none takes the permission to add one."""
    make_product("A")
    user = User.objects.create_user("ann", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=[f"{verb}_product" for verb in permissions]))
    client = ApiClient()
    client.force_login(user)
    bodies = {
        "POST products/": {"sku": "C", "title": "x"},
        "POST products/bulk/": {"products": [{"sku": "D", "title": "x"}]},
        "PUT products/B/": BODY,
        "PATCH products/A/": BODY,
        "DELETE products/A/": None,
    }
    answered = {route: client.call(*route.split(), body).status_code for route, body in bodies.items()}
    assert {route for route, status in answered.items() if status < 300} == allowed
    assert {status for route, status in answered.items() if route not in allowed} == {403}


@pytest.mark.parametrize(
    ("permission", "sees"), [("view_product", True), ("change_product", True), ("view_rule", False)]
)
def test_staff_see_what_is_not_for_sale_where_they_see_products_in_the_admin(db, make_product, permission, sees):
    make_product("HIDDEN", is_active=False)
    user = User.objects.create_user("ann", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename=permission))
    client = ApiClient()
    client.force_login(user)
    assert client.call("GET", "products/HIDDEN/").status_code == (200 if sees else 404)
    assert client.call("GET", "products/HIDDEN/similar/").status_code == (200 if sees else 404)
    client.cookies["csrftoken"] = "a" * 32
    event = {"events": [{"event_id": "e", "type": "view", "sku": "NOPE"}]}
    answer = client.call("POST", "events/", event, X_CSRFToken="a" * 32).json()
    assert answer["recorded"] == (0 if sees else 1)


def test_customers_who_are_signed_in_do_not_write(db, make_product):
    make_product("HIDDEN", is_active=False)
    client = ApiClient()
    client.force_login(User.objects.create_user("bob"))
    assert problem(client.call("PUT", "products/A/", BODY))["status"] == 403
    assert client.call("GET", "products/HIDDEN/").status_code == 404


def test_the_command_makes_lists_and_revokes_keys(db):
    out, err = StringIO(), StringIO()
    call_command("api_key", "create", "iOS app", "--scope", "publishable", stdout=out, stderr=err)
    token = out.getvalue().strip()
    assert token.startswith("kindred_pk_")
    assert ApiClient(headers={"X-Api-Key": token}).call("GET", "products/").status_code == 200
    listed = StringIO()
    call_command("api_key", "list", stdout=listed)
    assert listed.getvalue().splitlines()[1].split()[:3] == [f"{token[:17]}…", "publishable", "active"]
    assert token not in listed.getvalue()
    call_command("api_key", "revoke", token[:17], stdout=StringIO())
    assert ApiClient(headers={"X-Api-Key": token}).call("GET", "products/").status_code == 401
    with pytest.raises(CommandError, match="0 keys begin with 'nope'"):
        call_command("api_key", "revoke", "nope")


def test_the_command_makes_keys_that_expire(db):
    call_command("api_key", "create", "x", "--scope", "secret", "--expires-in-days", "2", stdout=StringIO())
    left = ApiKey.objects.get().expires_at - timezone.now()
    assert timedelta(days=1, hours=23) < left <= timedelta(days=2)


def test_the_admin_shows_a_new_key_once(admin_client):
    page = admin_client.post("/admin/api/apikey/add/", {"name": "app", "scope": "secret"}, follow=True)
    key = ApiKey.objects.get()
    [said] = [str(message) for message in page.context["messages"] if "Copy the key" in str(message)]
    token = said.partition("<code>")[2].partition("</code>")[0]
    assert ApiKey.objects.find_by_token(token) == key
    again = admin_client.get(f"/admin/api/apikey/{key.pk}/change/").content.decode()
    assert token not in again
    admin_client.post("/admin/api/apikey/", {"action": "revoke", "_selected_action": [key.pk], "confirmed": "yes"})
    key.refresh_from_db()
    assert key.state == "revoked"


def test_the_admin_makes_no_secret_key_of_a_publishable_one(admin_client):
    key, _token = ApiKey.objects.issue("app", scope="publishable")
    admin_client.post(f"/admin/api/apikey/{key.pk}/change/", {"name": "phone", "scope": "secret"})
    key.refresh_from_db()
    assert (key.name, key.scope) == ("phone", "publishable")


def test_rates_are_counted_down_and_then_refused(anyone, app, settings):
    settings.KINDRED_API_RATES = settings.KINDRED_API_RATES | {"anonymous": "2/day", "publishable": "5/day"}
    answers = [anyone.call("GET", "products/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer["RateLimit"].split(";")[:2] for answer in answers] == [
        ['"anonymous"', "r=1"],
        ['"anonymous"', "r=0"],
        ['"anonymous"', "r=0"],
    ]
    assert answers[0]["RateLimit-Policy"] == '"anonymous";q=2;w=86400'
    assert 0 < int(answers[2]["Retry-After"]) <= 86_400
    assert f"t={answers[2]['Retry-After']}" in answers[2]["RateLimit"]
    assert problem(answers[2])["code"] == "throttled"
    other = app.call("GET", "products/")  # a budget of its own
    assert (other.status_code, other["RateLimit"].split(";")[1]) == (200, "r=4")


def test_wrong_keys_are_counted_against_their_address_and_right_ones_are_let_in(db, settings):
    settings.KINDRED_API_RATES = settings.KINDRED_API_RATES | {"wrong_keys": "2/day"}
    _key, token = ApiKey.objects.issue("app", scope="publishable")
    wrong = ApiClient(headers={"X-Api-Key": "guess"}, REMOTE_ADDR="192.0.2.1")
    answers = [wrong.call("GET", "products/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert (problem(answers[2])["code"], 0 < int(answers[2]["Retry-After"]) <= 86_400) == ("throttled", True)
    right = ApiClient(headers={"X-Api-Key": token}, REMOTE_ADDR="192.0.2.1")
    assert right.call("GET", "products/").status_code == 200
    elsewhere = ApiClient(headers={"X-Api-Key": "guess"}, REMOTE_ADDR="192.0.2.2")
    assert elsewhere.call("GET", "products/").status_code == 401
    metrics = Client(headers={"Authorization": "Bearer guess"}, REMOTE_ADDR="192.0.2.1").get("/metrics")
    assert (metrics.status_code, "Retry-After" in metrics) == (429, True)


def log_in(password: str, *, address: str, name: str = "ann", **headers: str):
    client = Client(REMOTE_ADDR=address, headers=headers)
    return client.post("/admin/login/?next=/admin/", {"username": name, "password": password})


@pytest.fixture
def ann(db) -> User:
    return User.objects.create_superuser("ann", password="right")


def test_passwords_are_tried_ten_times_and_only_that_name_from_that_address_waits(ann):
    User.objects.create_superuser("bob", password="right")
    assert [log_in("wrong", address="192.0.2.1").status_code for _ in range(10)] == [200] * 9 + [429]
    refused = log_in("right", address="192.0.2.1")
    assert (refused.status_code, refused["Retry-After"]) == (429, "900")
    assert refused.content.decode() == "Too many wrong passwords: wait 15 minutes, then try again.\n"
    chinese = log_in("right", address="192.0.2.1", **{"Accept-Language": "zh-hans"})
    assert chinese.content.decode() == "密码错误次数过多：请等待 15 分钟后再试。\n"
    assert log_in("right", address="192.0.2.2").status_code == 302
    assert log_in("right", address="192.0.2.1", name="bob").status_code == 302


def test_whoever_waited_may_log_in_however_often_it_was_tried_meanwhile(ann):
    for _ in range(12):
        log_in("wrong", address="192.0.2.1")
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=15, seconds=1))
    assert log_in("right", address="192.0.2.1").status_code == 302


def test_waiting_does_not_begin_anew_with_each_try(ann):
    for _ in range(10):
        log_in("wrong", address="192.0.2.1")
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=14))
    log_in("wrong", address="192.0.2.1")
    assert AccessAttempt.objects.get().attempt_time < timezone.now() - timedelta(minutes=13)


def test_a_proxy_is_believed_as_far_as_the_settings_say(ann, settings):
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": 1}
    for _ in range(10):
        log_in("wrong", address="10.0.0.1", **{"X-Forwarded-For": "192.0.2.1"})
    assert log_in("right", address="10.0.0.1", **{"X-Forwarded-For": "192.0.2.1"}).status_code == 429
    assert log_in("right", address="10.0.0.1", **{"X-Forwarded-For": "192.0.2.9"}).status_code == 302


def test_an_address_that_is_none_is_counted_as_one(ann, settings):
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": 1}
    forged = {"X-Forwarded-For": "no address"}
    assert [log_in("wrong", address="10.0.0.1", **forged).status_code for _ in range(10)] == [200] * 9 + [429]


def test_no_name_and_no_address_of_a_log_in_is_written_to_the_log(ann, caplog):
    for _ in range(11):
        log_in("wrong", address="192.0.2.1")
    written = caplog.text
    assert "login failure" in written
    assert [word for word in ("ann", "192.0.2.1", "wrong") if word in written] == []


def test_every_caller_has_a_budget_of_its_own(db, settings):
    """Also a key and a member of staff that have the same number in their tables."""
    settings.KINDRED_API_RATES = dict.fromkeys(settings.KINDRED_API_RATES, "1/day")
    issued = [ApiKey.objects.issue(f"app {n}", scope="publishable") for n in range(2)]
    staff = [User.objects.create_user(f"ann {key.pk}", pk=key.pk, is_staff=True) for key, _token in issued]
    callers = [ApiClient(headers={"X-Api-Key": token}) for _key, token in issued]
    callers += [ApiClient(REMOTE_ADDR=address) for address in ("192.0.2.1", "192.0.2.2")]
    callers += [ApiClient() for _ in staff]
    for caller, user in zip(callers[4:], staff, strict=True):
        caller.force_login(user)
    assert [caller.call("GET", "products/").status_code for caller in callers] == [200] * 6
    assert [caller.call("GET", "products/").status_code for caller in callers] == [429] * 6


def test_a_budget_is_whole_again_in_the_next_window(anyone, settings, monkeypatch):
    settings.KINDRED_API_RATES = settings.KINDRED_API_RATES | {"anonymous": "1/min"}
    clock = SimpleNamespace(now=0)
    monkeypatch.setattr(throttling, "time", SimpleNamespace(time=lambda: clock.now))
    answers = []
    for clock.now in (600, 659, 660):
        answers.append(anyone.call("GET", "products/"))
    assert [answer.status_code for answer in answers] == [200, 429, 200]
    assert answers[1]["Retry-After"] == "1"


def test_a_forged_forwarding_header_gets_no_budget_of_its_own(anyone, settings):
    settings.KINDRED_API_RATES = settings.KINDRED_API_RATES | {"anonymous": "1/day"}
    assert anyone.call("GET", "products/", X_Forwarded_For="1.1.1.1").status_code == 200
    assert anyone.call("GET", "products/", X_Forwarded_For="2.2.2.2").status_code == 429


@pytest.mark.parametrize("failure", [ConnectionError("down"), None])
def test_a_cache_that_is_down_costs_no_answer(anyone, settings, monkeypatch, failure):
    settings.KINDRED_API_RATES = settings.KINDRED_API_RATES | {"anonymous": "0/day"}

    def fail(*args, **kwargs):
        if failure:
            raise failure

    monkeypatch.setattr(cache, "incr", fail)
    answer = anyone.call("GET", "products/")
    assert answer.status_code == 200
    assert "RateLimit" not in answer


def test_two_first_requests_of_a_window_are_both_counted(monkeypatch):
    real_add = cache.add

    def someone_else_adds_first(name, value, timeout):
        real_add(name, value, timeout=timeout)
        return real_add(name, value, timeout=timeout)

    monkeypatch.setattr(throttling.cache, "add", someone_else_adds_first)
    assert throttling.count_request("race", window_s=60) == 2
