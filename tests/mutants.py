"""Deliberate faults, the kind that a careless change makes, each with the tests that have to notice it.

    python tests/mutants.py [--list] [--only TEXT]

Not part of the ordinary run. Copies the project, uncommitted changes included, to a temporary folder, sees that the
named tests pass there, and then, one fault at a time, that they fail: by failing tests alone, for a test that cannot be
collected has judged nothing. Prints a line for each fault. The status is 1 where a fault survived or is stale, which
means that its text is not in its file exactly once; `tests/architecture/test_mutants.py` says so on every ordinary run.

To add one: break the code by hand, run what should notice, and if nothing does, write the missing test first.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
FAILED = re.compile(r"^FAILED (.+?)(?: - |$)", re.MULTILINE)


@dataclass(frozen=True)
class Mutant:
    """One replacement in one file. `why` says what would go wrong, for whom."""

    file: str
    old: str  # occurs once
    new: str
    tests: tuple[str, ...]  # as pytest takes them
    why: str


DJANGO_CLIENT = "tests/clients/django/test_package.py::test_its_own_tests_pass_in_a_project_of_theirs"

MUTANTS = (
    Mutant(
        "recommendations/search/priors.py",
        "one.score * (1.0 + one.prior)",
        "one.score + one.prior",
        ("tests/behaviour/test_search_priors.py",),
        "what is bought much comes before what is far more relevant",
    ),
    Mutant(
        "behaviour/reports/popular_searches.py",
        "count(DISTINCT coalesce(user_key, session_key)) >= %(visitors)s",
        "count(*) >= %(visitors)s",
        ("tests/behaviour/test_popular_searches.py",),
        "what one visitor searches for again and again is shown to all others",
    ),
    Mutant(
        "recommendations/search/rules.py",
        "AND r.kind <> 'synonym' AND {HOLDS}",
        "AND r.kind <> 'synonym'",
        ("tests/recommendations/test_search_rules.py",),
        "a search rule acts before its beginning, after its end, and while it is switched off",
    ),
    Mutant(
        "recommendations/search/rules.py",
        'return Condition(meant.column, f"({meant.sql}) AND ({inside}) IS TRUE"',
        'return Condition(meant.column, f"({meant.sql}) OR ({inside}) IS TRUE"',
        ("tests/recommendations/test_search_rules.py",),
        "a rule for the lists of a category reaches every product in searches",
    ),
    Mutant(
        "recommendations/search/rule.py",
        "|/(?![/\\\\])",
        "|/",
        ("tests/recommendations/test_search_rules.py",),
        "a search leads to another site by an address that looks like a path",
    ),
    # api
    Mutant(
        "behaviour/checks.py",
        "settings, name)) < 1:",
        "settings, name)) < -1:",
        ("tests/unit/behaviour/test_checks.py",),
        "events are kept for no day: all are deleted within the hour",
    ),
    Mutant(
        "behaviour/forecast/making.py",
        "orders__gt=0, day__lt=today",
        "orders__gt=0",
        ("tests/behaviour/test_forecast_demand.py",),
        "on the day of a shop's first order all products are forecast to sell nothing",
    ),
    Mutant(
        "behaviour/forecast/sales.py",
        "        stop, whole = int(np.searchsorted(self.day, day)), self.whole or self\n",
        "        stop, whole = int(np.searchsorted(self.day, day + 7)), self.whole or self\n",
        ("tests/unit/behaviour/test_forecast_sales.py", "tests/unit/behaviour/test_forecast_launches.py"),
        "forecasts know a week of the future",
    ),
    Mutant(
        "behaviour/forecast/new_products.py",
        "        known = Known.at(day, counts",
        "        known = Known.at(day + 1, counts",
        ("tests/unit/behaviour/test_forecast_launches.py",),
        "a launch is described by what it sold on its own first day",
    ),
    Mutant(
        "behaviour/forecast/lessons.py",
        "            before, after = self.first < start, (",
        "            before, after = self.first < start + STEP, (",
        ("tests/unit/behaviour/test_forecast_lessons.py",),
        "what launches teach is tried on those that it was learned from",
    ),
    Mutant(
        "behaviour/forecast/sales.py",
        "np.minimum(start, self.end), np.minimum(stop, self.end))",
        "start, stop)",
        ("tests/unit/behaviour/test_forecast_sales.py", "tests/unit/behaviour/test_forecast_launches.py"),
        "a forecast counts what is sold after it",
    ),
    Mutant(
        "behaviour/forecast/content_regression.py",
        "        if week not in self._taught:\n",
        "        if True:\n",
        ("tests/unit/behaviour/test_forecast_launches.py",),
        "a night solves the whole catalogue's regression for every day of three years",
    ),
    Mutant(
        "behaviour/forecast/new_products.py",
        "    since = old[-MAX_LAUNCHES:][0] if len(old) else counts.start\n",
        "    since = counts.start\n",
        ("tests/unit/behaviour/test_forecast_launches.py",),
        "a night describes every launch of three years, though few teach",
    ),
    Mutant(
        "behaviour/tasks.py",
        "    if nightly.is_due():\n",
        "    if True:\n",
        ("tests/behaviour/test_retail_desk.py",),
        "a process is started every half hour though nothing is to be forecast",
    ),
    Mutant(
        "behaviour/retail/substitutions.py",
        " and rule.strategies == [STRATEGY]:",
        ":",
        ("tests/behaviour/test_retail_desk.py",),
        "undoing a substitute takes a rule out of other lists too",
    ),
    Mutant(
        "api/parameters.py",
        "            keep_untranslated(field)\n",
        "            str(field)\n",
        ("tests/api/test_languages.py",),
        "errors are in the language of whoever made the same mistake first",
    ),
    Mutant(
        "api/middleware.py",
        "    with override(get_language_from_request(request)):\n",
        "    with override(None, deactivate=False):\n",
        ("tests/api/test_languages.py",),
        "what answers early speaks no language, or that of the request before",
    ),
    Mutant(
        "api/pagination.py",
        "SIGNER.unsign_object(cursor, serializer",
        "SIGNER.unsign_object(SIGNER.sign(cursor.rsplit(':', 1)[0]), serializer",
        ("tests/api/test_hostile_values.py",),
        "anyone makes up cursors, and some of them break the query",
    ),
    Mutant(
        "recommendations/rest/serializers.py",
        """"title": candidate.localized_title,""",
        """"title": candidate.title,""",
        ("tests/api/test_languages.py",),
        "a Chinese page shows English titles in its widgets",
    ),
    Mutant(
        "catalog/rest/answers.py",
        "read_object(product.attributes)",
        "product.attributes",
        ("tests/api/test_hostile_values.py",),
        "one row that raw SQL broke is not what typed clients were promised, and they stop",
    ),
    Mutant(
        "api/postgres/base.py",
        "not arrived.poll(0) or super().is_usable()",
        "super().is_usable()",
        ("tests/api/test_request_costs.py",),
        "each request asks Postgres whether it is there before it asks what it wants to know",
    ),
    Mutant(
        "api/postgres/base.py",
        "not arrived.poll(0) or super().is_usable()",
        "True",
        ("tests/api/test_request_costs.py",),
        "each thread fails once when Postgres has been restarted",
    ),
    Mutant(
        "api/postgres/base.py",
        "self.may_prepare = has_session(self)",
        "self.may_prepare = True",
        ("tests/services/test_pgbouncer.py",),
        "behind a pooler statements are executed that were prepared on another connection",
    ),
    Mutant(
        "api/postgres/base.py",
        "plain.transaction_status not in WAITING",
        "False",
        ("tests/api/test_connections.py",),
        "a connection on which something broke off fails all that comes after",
    ),
    Mutant(
        "api/postgres/base.py",
        """params["cursor_factory"] = BindingCursor""",
        "pass",
        ("tests/api/test_connections.py",),
        "70,000 products cannot be deleted at once",
    ),
    Mutant(
        "api/postgres/rows.py",
        "    connection.close()\n",
        "",
        ("tests/api/test_connections.py",),
        "lists fail for a minute after each migration that changes the type of a column",
    ),
    Mutant(
        "api/pagination.py",
        "ensure_ascii=False",
        "ensure_ascii=True",
        ("tests/api/test_products_read.py::test_the_longest_title_fits_into_a_cursor",),
        "pages by title end where a Chinese title is long",
    ),
    Mutant(
        "catalog/admin_lists.py",
        "show_facets = admin.ShowFacets.NEVER",
        "show_facets = admin.ShowFacets.ALLOW",
        ("tests/catalog/test_admin_lists.py",),
        "a link in the admin has all products counted for each filter: 5 s at 100,000",
    ),
    Mutant(
        "api/postgres/rows.py",
        "prepare_threshold = None",
        "prepare_threshold = PREPARED_FROM",
        ("tests/api/test_request_costs.py",),
        "statements that need a plan of their own for each filter get one for all",
    ),
    Mutant(
        "embeddings/spaces/locks.py",
        "own.wrap_database_errors, ClientCursor(own.connection) as cursor",
        "own.cursor() as cursor",
        ("tests/services/test_pgbouncer.py::test_spaces_are_embedded_built_compared_evaluated_and_promoted",),
        "the build of an index waits for ever for the lock that is held for it",
    ),
    Mutant(
        "clients/django/kindred_django/events.py",
        "return min(agreed, asked or agreed, key=LEVELS.index)",
        "return asked or agreed",
        ("clients/django/tests/test_events.py",),
        "an event says more than the shopper has agreed to",
    ),
    Mutant(
        "recommendations/headings.py",
        "if first_page and all(",
        "if not first_page and all(",
        ("tests/unit/recommendations/test_headings.py",),
        "what is only similar stands under others also looked at",
    ),
    Mutant(
        "config/environment.py",
        "parse_rate(text)",
        "str(text)",
        ("tests/unit/config/test_environment.py",),
        "a rate that is none answers 500 to each request, and nothing at the start",
    ),
    Mutant(
        "config/management/commands/up.py",
        "settings.DEBUG  #",
        "pass  #",
        ("tests/unit/config/test_environment.py",),
        "`up` starts web servers again and again that cannot read the settings",
    ),
    Mutant(
        "api/throttling.py",
        "tally.untold + amount < rate.limit // SHARE",
        "tally.untold + amount < 0",
        ("tests/api/test_request_costs.py",),
        "each request waits for the cache",
    ),
    Mutant(
        "catalog/addresses.py",
        'split_route("product_page", get_script_prefix())',
        'split_route("product_page", "/")',
        ("tests/api/test_request_costs.py",),
        "a shop below /shop/ links to pages that are not there",
    ),
    Mutant(
        "api/compression.py",
        """SUFFIX.sub('"', request.META[name])""",
        "request.META[name]",
        ("tests/api/test_compression.py",),
        "whoever read a compressed product cannot write it: its ETag matches nothing",
    ),
    Mutant(
        "api/health.py",
        "            broker.default_channel.client.set(PROBE_KEY, str(time.time()))\n",
        "            broker.default_channel.client.ping()\n",
        ("tests/api/test_health.py",),
        "/readyz says yes with a broker that takes no message",
    ),
    Mutant(
        "api/health.py",
        "silence_s <= heartbeats.SILENT_AFTER_S",
        "silence_s >= 0",
        ("tests/api/test_health.py::test_a_process_is_ready_for_as_long_as_it_is_heard",),
        "/readyz says yes with a worker that died yesterday",
    ),
    Mutant(
        "api/access.py",
        "        if count is not None and count > rate.limit:\n",
        "        if count is None:\n",
        ("tests/api/test_access.py::test_wrong_keys_are_counted_against_their_address_and_right_ones_are_let_in",),
        "keys are guessed as fast as the server answers",
    ),
    Mutant(
        "config/settings.py",
        'AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]',
        'AXES_LOCKOUT_PARAMETERS = ["username"]',
        ("tests/api/test_access.py::test_passwords_are_tried_ten_times_and_only_that_name_from_that_address_waits",),
        "whoever knows the administrator's name locks them out",
    ),
    Mutant(
        "config/web.py",
        "    if not has_session(connection):\n        return\n",
        "",
        ("tests/services/test_pgbouncer.py",),
        "behind PgBouncer builds are cancelled by the limit of the web process",
    ),
    Mutant(
        "catalog/importers/pictures.py",
        "threads.shutdown(cancel_futures=True)",
        "threads.shutdown()",
        ("tests/unit/catalog/test_picture_folder.py",),
        "Ctrl-C in an import is heard when all pictures of 300 rows are decoded",
    ),
    Mutant(
        "embeddings/management/commands/embed_products.py",
        "except OperationalError as error:",
        "except SystemError as error:",
        ("tests/embeddings/test_embed_products.py",),
        "a database that is started again ends embed_products with a traceback that says nothing of what to do",
    ),
    Mutant(
        "catalog/writing.py",
        'getattr(product, "category_path", None) or (product.category.path if product.category else "")',
        'getattr(product, "category_path", product.category and product.category.path) or ""',
        ("tests/catalog/test_bulk_saving.py",),
        "a file that takes a product out of its category calls it unchanged where staff have just moved it",
    ),
    Mutant(
        "config/all_queues.py",
        "    schedule.service.stop()\n",
        "    schedule.stop()\n",
        ("tests/services/test_all_queues.py",),
        "Ctrl-C waits for beat to wake, and kills the process where the broker is away",
    ),
    Mutant(
        "config/heartbeat.py",
        "    names: Sequence[str] = ()  # until it has started: a worker may be told to end before\n",
        "",
        ("tests/services/test_heartbeat.py",),
        "a worker that is stopped as it starts fails at its end, with a traceback on the console",
    ),
    Mutant(
        "embeddings/tasks.py",
        "refresh_pending(is_ending=is_ending)",
        "refresh_pending()",
        ("tests/embeddings/test_bell.py",),
        "a worker that is told to end goes on for a minute and is killed, and what it held waits for another",
    ),
    Mutant(
        "config/heartbeat.py",
        "        faulthandler.dump_traceback_later(max(HUNG_AFTER_S - silence_s, 0.001), exit=True)\n",
        "",
        ("tests/services/test_heartbeat.py::test_a_process_that_beats_no_more_ends_and_says_where_it_hung",),
        "a worker that hangs goes on hanging",
    ),
    Mutant(
        "config/heartbeat.py",
        "        silence_s = now - min(_heard_at.values())\n",
        "        silence_s = 0.0\n",
        ("tests/services/test_heartbeat.py",),
        "one queue of a process hangs for ever while the others beat",
    ),
    Mutant(
        "config/heartbeat.py",
        "parent.call_soon, (self.look,))",
        "self.look)",
        ("tests/services/test_heartbeat.py",),
        "the timer's thread beats for a loop that hangs",
    ),
    Mutant(
        "config/all_queues.py",
        "        queues=[queue],\n",
        "",
        ("tests/services/test_all_queues.py",),
        "searches wait behind a build",
    ),
    Mutant(
        "config/services/supervisor.py",
        "program.silence_s(now) > HUNG_AFTER_S",
        "program.silence_s(now) < 0",
        ("tests/services/test_supervisor.py::test_a_program_that_gives_no_sign_of_life_is_killed_and_started_again",),
        "a stopped worker stays stopped",
    ),
    Mutant(
        "embeddings/encoders/onnx_runtime.py",
        "        if len(batches) == 1:\n",
        "        if len(batches) == 0:\n",
        ("tests/unit/embeddings/test_device.py",),
        "a visitor's query is one of the inputs that make way for everything else",
    ),
    Mutant(
        "embeddings/encoders/onnx_runtime.py",
        "        self._callers = threading.local()\n",
        "        self._callers = type('', (), {})()\n",
        ("tests/unit/embeddings/test_device.py",),
        "whoever looks closer waits behind the batch of an import",
    ),
    Mutant(
        "embeddings/encoders/machine.py",
        "        yield from (place for place in (path, *path.parents) if place.is_relative_to(root))\n",
        "        yield path\n",
        ("tests/unit/embeddings/test_device.py", "tests/unit/config/test_tuning.py"),
        "a quota that a slice has for all its services is not seen, and threads wait for each other",
    ),
    Mutant(
        "embeddings/spaces/locks.py",
        "        own.set_autocommit(False)\n",
        "        own.set_autocommit(True)\n",
        ("tests/services/test_pgbouncer.py::test_one_build_at_a_time_whoever_holds_the_connection_now",),
        "two builds run at once",
    ),
    Mutant(
        "embeddings/management/progress.py",
        "            except BuildRunning:\n",
        "            except ZeroDivisionError:\n",
        ("tests/embeddings/test_embed_products.py::test_a_build_that_another_process_is_at_is_waited_for_and_named",),
        "embed_products after an import fails where the worker builds",
    ),
    Mutant(
        "recommendations/worker.py",
        "        if not has_session(listener):\n",
        "        if listener is None:\n",
        ("tests/services/test_pgbouncer.py::test_a_search_is_answered_soon_and_nothing_is_left_listening",),
        "behind PgBouncer each search takes until its deadline",
    ),
    Mutant(
        "api/models.py",
        "        return self.scope == self.Scope.SECRET\n",
        "        return bool(self.scope)\n",
        ("tests/api/test_access.py::test_a_publishable_key_reads_and_does_not_write",),
        "the key in every copy of an app writes products",
    ),
    Mutant(
        "api/access.py",
        "        return request.auth.may_write\n    return is_staff(request) and any(",
        "        return True\n    return is_staff(request) and any(",
        ("tests/api/test_products_read.py::test_what_is_not_for_sale_is_seen_by_those_who_may_write",),
        "an app's key shows products that are not for sale",
    ),
    Mutant(
        "api/middleware.py",
        '            elif isinstance(response, HttpResponse):\n                response.content = b""\n',
        "",
        ("tests/api/test_raw_requests.py::test_head_says_what_get_says_before_the_body_and_no_more",),
        "whoever keeps the connection takes the body after HEAD for the next answer",
    ),
    Mutant(
        "config/wsgi.py",
        "application.request_class = Utf8Request\n",
        "",
        ("tests/api/test_raw_requests.py::test_addresses_are_utf_8_whatever_a_content_type_says",),
        "charset=rot13 is a 500",
    ),
    Mutant(
        "api/limits.py",
        "if not all(map(is_readable,",
        "if False and not all(map(is_readable,",
        ("tests/api/test_raw_requests.py::test_a_media_type_that_cannot_be_read_is_refused",),
        "an Accept in a charset that there is not is a 500",
    ),
    Mutant(
        "api/parameters.py",
        "islice(names, MAX_UNKNOWN)",
        "names",
        ("tests/api/test_raw_requests.py::test_of_thousands_of_unknown_names_the_first_few_are_told_and_cut_short",),
        "a body of unknown names holds all visitors up for half a minute",
    ),
    Mutant(
        "api/parameters.py",
        '            self.fail("max_length", max_length=self.max_length)\n',
        "            pass\n",
        ("tests/api/test_raw_requests.py::test_too_many_objects_are_refused_before_any_is_looked_at",),
        "millions of empty events are looked at one by one",
    ),
    Mutant(
        "api/parsers.py",
        'getattr(view, "max_body_bytes", settings.DATA_UPLOAD_MAX_MEMORY_SIZE)',
        "settings.DATA_UPLOAD_MAX_MEMORY_SIZE",
        ("tests/api/test_raw_requests.py::test_what_anyone_may_send_is_bounded_closely",),
        "anyone sends ten megabytes of brackets",
    ),
    Mutant(
        "recommendations/rest/views.py",
        "    if unknown := BatchQuery().find_unknown(sent):",
        "    if unknown := None:",
        ("tests/field/test_requests.py::test_a_request_from_the_wild_is_told_what_is_wrong_with_it",),
        "a limit beside the placements is taken for nothing, and nobody says so",
    ),
    Mutant(
        "api/parsers.py",
        "parse_float=read_number",
        "parse_float=float",
        ("tests/field/test_requests.py::test_a_request_from_the_wild_is_told_what_is_wrong_with_it",),
        "the number 1e400 becomes the sku inf",
    ),
    Mutant(
        "api/json_faults.py",
        "fault = gettext(error.msg) if",
        "fault = error.msg if",
        ("tests/unit/api/test_json_faults.py",),
        "a Chinese developer reads in English where the comma is missing",
    ),
    Mutant(
        "catalog/pictures/checks.py",
        "{name: gettext(value) if isinstance(value, str) else value for name, value in error.values.items()}",
        "error.values",
        ("tests/api/test_languages.py::test_what_is_wrong_with_a_picture_is_chinese_to_its_last_word",),
        "a Chinese sentence about a picture has English in its middle",
    ),
    Mutant(
        "recommendations/rule_preview.py",
        "if obstacle := rule.find_obstacle(at=timezone.now()):",
        'if (obstacle := rule.state(at=timezone.now())) != "in force":',
        (
            "tests/recommendations/test_rules.py"
            "::test_the_preview_says_in_chinese_that_a_rule_is_not_in_force_and_only_then",
        ),
        "every rule is out of force to Chinese staff",
    ),
    Mutant(
        "catalog/admin_forms.py",
        "super().__init__(object_pairs_hook=read_object)",
        "super().__init__()",
        ("tests/catalog/test_fields.py::test_a_name_that_is_in_an_object_twice_is_refused_by_the_form_as_by_the_api",),
        "of two colours that staff type the first is lost",
    ),
    Mutant(
        "embeddings/spaces/overlap.py",
        "    if space == live:",
        "    if False:",
        ("tests/embeddings/test_admin.py::test_what_cannot_be_compared_is_said_and_not_passed_over",),
        "a space is compared with itself",
    ),
    Mutant(
        "catalog/importers/load.py",
        "    for name in row.images[:MAX_PICTURES]:",
        "    for name in row.images:",
        ("tests/field/test_pictures.py",),
        "a product gets more pictures than it may have",
    ),
    Mutant(
        "catalog/importers/sale_prices.py",
        "if read_moment(text, is_end=is_end) is None]",
        "if False]",
        ("tests/field/test_woocommerce.py", "tests/field/test_magento.py"),
        "a sale ends without a word because nobody can read when",
    ),
    Mutant(
        "recommendations/explanations/pairs.py",
        "describe_value(value, unit=split_unit(name)[1])",
        'describe_value(value, unit="")',
        (
            "tests/unit/recommendations/test_explanations.py"
            "::test_shared_attributes_have_the_units_and_words_of_product_pages",
        ),
        "both are 420 heavy",
    ),
    Mutant(
        "recommendations/static/recommendations/kindred.js",
        '"kindred-failed:"',
        "Math.random()",
        ("tests/browser/test_shop.py::test_the_console_names_the_origin_that_the_shop_does_not_allow_yet",),
        "every page of a site that is not allowed yet has a hole in it",
    ),
    Mutant(
        "api/unavailable.py",
        "isinstance(exception, ValueError) or is_taken_for_another",
        "is_taken_for_another",
        ("tests/admin/test_made_up_values.py",),
        "a row called x is a 500 of the admin",
    ),
    Mutant(
        "catalog/admin.py",
        "validate_max=True, absolute_max=MAX_PICTURES + 1, **kwargs)",
        "validate_max=True, **kwargs)",
        ("tests/admin/test_made_up_values.py",),
        "a form that says it has 2,000 pictures takes five seconds",
    ),
    Mutant(
        "embeddings/admin.py",
        '"category_text_weights": ObjectField',
        '"category_text_weights": IndentedJSONField',
        ("tests/admin/test_made_up_values.py",),
        "a dial of null is a 500",
    ),
    Mutant(
        "behaviour/events/budgets.py",
        " and len(name) <= MAX_ID_LENGTH)",
        ")",
        ("tests/api/test_raw_requests.py::test_a_name_of_a_session_that_is_too_long_is_not_kept_to_count_it",),
        "anyone fills the cache with names of sessions",
    ),
    Mutant(
        "api/views.py",
        "with override(choose_language(request)):",
        'with override(request.GET.get("lang") or get_language()):',
        ("tests/api/test_raw_requests.py::test_the_schema_is_kept_in_the_languages_that_we_speak_alone",),
        "each made-up language costs a schema that is kept for good",
    ),
    Mutant(
        "api/unavailable.py",
        "    if isinstance(error, DataError):  # a value out of an address, a form or a cookie\n",
        "    if False:\n",
        ("tests/api/test_raw_requests.py::test_a_value_that_no_column_can_hold_is_a_bad_request",),
        "a value that passed every check but the column's is a 500",
    ),
    Mutant(
        "api/limits.py",
        "            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)",
        "            pass",
        ("tests/api/test_raw_requests.py::test_a_session_that_we_cannot_have_made_is_none",),
        "a cookie with a NUL is a 500",
    ),
    Mutant(
        "embeddings/admin_rows.py",
        "        return rows.only(*self.fields,",
        "        return rows\n        return rows.only(*self.fields,",
        ("tests/embeddings/test_admin.py::test_the_list_of_vectors_leaves_the_parameters_of_the_space_where_they_are",),
        "a page of vectors reads 600 MB and is answered with 503",
    ),
    Mutant(
        "catalog/rest/products.py",
        'MAKE_OR_CHANGE = ["catalog.add_product", "catalog.change_product"]',
        'MAKE_OR_CHANGE = ["catalog.change_product"]',
        ("tests/api/test_access.py::test_staff_do_by_the_api_what_they_may_in_the_admin",),
        "staff who may change products make new ones",
    ),
    Mutant(
        "api/access.py",
        "return is_staff(request) and any(map(request.user.has_perm, SEEING_PERMISSIONS))",
        "return is_staff(request)",
        ("tests/api/test_access.py::test_staff_see_what_is_not_for_sale_where_they_see_products_in_the_admin",),
        "staff of another department see what is not for sale yet",
    ),
    Mutant(
        "config/log_lines.py",
        "CONTROLS.sub(lambda found: ascii(found[0])[1:-1], text))[:MAX_LINE]",
        "text)[:MAX_LINE]",
        ("tests/unit/config/test_log_lines.py::test_an_address_writes_no_line_of_its_own_and_moves_no_cursor",),
        "an address forges lines of the log",
    ),
    Mutant(
        "api/access.py",
        "if permissions else request.user.is_superuser",
        "if permissions else True",
        ("tests/api/test_events.py::test_of_the_staff_only_superusers_erase_a_user",),
        "anybody of the staff erases what is known of a user",
    ),
    Mutant(
        "api/admin.py",
        'return ["scope"] if obj else []',
        "return []",
        ("tests/api/test_access.py::test_the_admin_makes_no_secret_key_of_a_publishable_one",),
        "a key that was given away as harmless is made a secret one",
    ),
    Mutant(
        "api/throttling.py",
        'f"rate:{name}:{window}"',
        'f"rate:{name}"',
        ("tests/api/test_access.py::test_a_budget_is_whole_again_in_the_next_window",),
        "who has used up one minute's budget is shut out for the next as well",
    ),
    Mutant(
        "api/parsers.py",
        "    if len(read) < len(pairs):\n",
        "    if False:\n",
        ("tests/field/test_requests.py",),
        "of two prices in one body the last is taken in silence",
    ),
    Mutant(
        "api/limits.py",
        "        if not (length.isascii() and length.isdigit()):\n",
        "        if False:\n",
        ("tests/field/test_requests.py",),
        "a header of letters is a 500",
    ),
    Mutant(
        "behaviour/events/checking.py",
        "            if isinstance(session, str) and session in busy:\n",
        "            if session in busy:\n",
        ("tests/api/test_events.py::test_an_identifier_that_is_no_text_is_refused_whoever_sends_it",),
        "one odd event of a stranger fails the whole batch with a 500",
    ),
    Mutant(
        "api/preconditions.py",
        'if wanted and (held is None or not {"*", held} & wanted):',
        "if wanted and held is None:",
        ("tests/api/test_products_write.py::test_a_change_of_what_has_changed_is_refused",),
        "a change overwrites what somebody else has changed meanwhile",
    ),
    Mutant(
        "api/preconditions.py",
        "    if not TAGS.fullmatch(sent):\n",
        "    if False:\n",
        ("tests/api/test_products_write.py::test_a_condition_that_cannot_be_read_is_refused_and_nothing_is_written",),
        "a client that forgot the quotes overwrites what somebody else has written",
    ),
    Mutant(
        "api/middleware.py",
        'content.replace(find_origin(request).encode(), b"")',
        "content",
        ("tests/api/test_products_write.py::test_an_etag_is_the_same_by_whatever_host_the_product_is_read",),
        "a change is refused because it comes by another host name than the read",
    ),
    Mutant(
        "api/pagination.py",
        'parts[-1].filter(**{"pk__lt" if self.is_descending else "pk__gt": pk})',
        "parts[-1]",
        ("tests/api/test_products_read.py::test_pages_among_products_without_a_price_repeat_and_lose_none",),
        "a client that pages by price never comes to an end",
    ),
    Mutant(
        "api/pagination.py",
        "parts[0].filter(compare(Row(*map(F, names)), last_seen))",
        "parts[0].filter(compare(Row(*map(F, names)), last_seen) | compare(F(names[0]), Value(value)))",
        ("tests/api/test_list_cursors.py",),
        "the deeper a page of the API, the longer it takes: seconds at a million products",
    ),
    Mutant(
        "api/counts.py",
        'count = rows.order_by().values("pk")[: MAX_COUNTED + 1].count()',
        'count = rows.order_by().values("pk").count()',
        ("tests/catalog/test_shop_lists.py::test_the_last_page_reads_product_numbers_out_of_the_orders_index_alone",),
        "every visitor of the shop has all products counted",
    ),
    Mutant(
        "catalog/pages.py",
        "[:MAX_TEXT].strip()",
        "[:MAX_TEXT]",
        ("tests/catalog/test_pages.py",),
        "a brand of one blank in an address breaks the shop's front page",
    ),
    Mutant(
        "catalog/pages.py",
        'ids = self.object_list.values_list("pk", flat=True)',
        'ids = self.object_list.values_list("pk", "stock")',
        ("tests/catalog/test_shop_lists.py",),
        "a page at depth reads every product before it, not its index alone",
    ),
    Mutant(
        "catalog/admin_lists.py",
        """        return [first, "-pk" if first.startswith("-") else "pk"]""",
        """        return ordering""",
        ("tests/catalog/test_admin_lists.py",),
        "staff who order products by price wait for a sort",
    ),
    Mutant(
        "catalog/admin_lists.py",
        """if field_name in (self.sortable_by or ()) else None""",
        """""",
        ("tests/catalog/test_admin_lists.py",),
        "a bookmarked order by stock sorts the whole catalogue",
    ),
    Mutant(
        "catalog/admin_lists.py",
        """    for name in NAMES:
        found |= Q(**{f"{name}__{lookup}": word})
""",
        """    for name in (*NAMES, "description"):
        found |= Q(**{f"{name}__{lookup}": word})
""",
        ("tests/catalog/test_admin_lists.py",),
        "each search of the admin reads every product",
    ),
    Mutant(
        "catalog/models.py",
        'models.Index(fields=["title", "id"], include=["is_active", "category"], name="product_by_title"),',
        "",
        ("tests/api/test_list_cursors.py",),
        "each page by title sorts the whole catalogue",
    ),
    Mutant(
        "api/middleware.py",
        '    response.headers.setdefault("Content-Security-Policy", STRICT_POLICY)\n',
        "",
        ("tests/api/test_problems.py::test_answers_carry_security_headers",),
        "a browser runs what a product's text smuggles into an answer",
    ),
    Mutant(
        "api/health.py",
        'if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:',
        'if "Forwarded" in request.headers:',
        ("tests/unit/api/test_health.py::test_metrics_are_for_this_machine",),
        "behind a proxy on the same machine everybody reads the metrics",
    ),
    # catalog
    Mutant(
        "catalog/filters.py",
        '"price", "{0} <= {1}"',
        '"price", "{0} < {1}"',
        ("tests/api/test_products_read.py::test_filters_and_orders",),
        "what costs exactly the greatest price is missing",
    ),
    Mutant(
        "catalog/filters.py",
        "return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)",
        "return moment.replace(tzinfo=UTC)",
        ("tests/recommendations/test_similar_products.py::test_each_filter_keeps_exactly_what_it_says",),
        "an app in another time zone misses the newest products, or has old ones for new",
    ),
    Mutant(
        "catalog/conditions.py",
        "for form in (value, [value])]",
        "for form in (value,)]",
        ("tests/recommendations/test_similar_products.py::test_each_filter_keeps_exactly_what_it_says",),
        "an attribute with a list of values matches none of them",
    ),
    Mutant(
        "catalog/conditions.py",
        "\"starts_with({0} || '/', {1} || '/')\"",
        '"starts_with({0}, {1})"',
        ("tests/api/test_products_read.py::test_filters_and_orders",),
        "Decor lists what is in Decorative",
    ),
    Mutant(
        "catalog/categories.py",
        "below = nodes.filter(path__startswith=old_path + SEPARATOR)\n    return",
        "below = nodes.filter(path__startswith=old_path)\n    return",
        (
            "tests/catalog/test_categories.py"
            "::test_a_move_takes_the_subtree_along_and_a_sibling_with_a_similar_name_stays",
        ),
        "a category that is moved takes its neighbours along",
    ),
    Mutant(
        "catalog/html_text.py",
        '        pieces.append(_SEPARATORS.get(tag or "", ""))\n',
        "",
        ("tests/unit/catalog/test_html_text.py::test_markup_goes_and_what_a_reader_would_see_stays",),
        "paragraphs run together, and the last word of one and the first of the next become one word",
    ),
    Mutant(
        "catalog/pictures/serving.py",
        "if width not in WIDTHS:",
        "if width > max(WIDTHS):",
        ("tests/catalog/test_pictures.py::TestSizedPictureUrl::test_only_the_sizes_that_pages_need_are_made",),
        "a stranger fills the disk with pictures in every width",
    ),
    Mutant(
        "catalog/pictures/decoding.py",
        "if anatomy.pixels > limit:",
        "if anatomy.width > limit:",
        ("tests/unit/catalog/test_pictures.py::test_a_decompression_bomb_is_refused_by_its_header",),
        "a small file that unfolds to gigabytes ends the process",
    ),
    Mutant(
        "catalog/pictures/decoding.py",
        "            image.load()\n",
        "",
        ("tests/unit/catalog/test_pictures.py::test_a_truncated_picture_is_refused",),
        "a picture whose upload broke off is shown half grey",
    ),
    Mutant(
        "catalog/pictures/formats/jpeg.py",
        '    return body if is_colour else b""\n',
        "    return body\n",
        ("tests/unit/catalog/test_picture_cleaning.py::test_nothing_but_the_picture_is_kept",),
        "a photo in the shop says where its photographer lives",
    ),
    Mutant(
        "catalog/pictures/decoding.py",
        "return turn_upright(picture, read_orientation(anatomy))",
        "return picture",
        ("tests/unit/catalog/test_pictures.py::test_width_and_height_are_as_shown",),
        "photos that were taken upright lie on their side",
    ),
    Mutant(
        "catalog/pictures/fetching.py",
        "    if missing:",
        "    if False:",
        ("tests/field/test_fetching.py::test_an_answer_that_is_no_picture_says_why",),
        "half of a picture is stored where a server broke off",
    ),
    Mutant(
        "catalog/pictures/fetching.py",
        "        body = unpack_body(body, packing=packing, max_bytes=max_bytes)",
        "        pass",
        ("tests/field/test_fetching.py",),
        "pictures of servers that pack everything are no pictures",
    ),
    Mutant(
        "catalog/importers/reading.py",
        "    loader.folder.look_ahead(",
        "    list(",
        ("tests/field/test_pictures.py::test_a_file_that_a_later_row_could_mean_as_well_is_nobodys",),
        "the first of two products in a long file shows the picture of the other",
    ),
    Mutant(
        "catalog/importers/read_ahead.py",
        "        if self._failure:\n",
        "        if False:\n",
        ("tests/unit/catalog/test_read_ahead.py",),
        "a feed that breaks off ends as if it was whole, and --complete hides the rest of the shop",
    ),
    Mutant(
        "catalog/importers/read_ahead.py",
        "        for warning in self.said.warnings[told:]:\n",
        "        for warning in []:\n",
        ("tests/unit/catalog/test_read_ahead.py",),
        "nobody hears of the items that are past their date",
    ),
    Mutant(
        "catalog/prices.py",
        "(?:\\.[0-9]{1,2})?",
        "(?:\\.[0-9]{1,3})?",
        ("tests/unit/catalog/test_plain_values.py",),
        "12.500 is twelve and a half for some, whatever the file means",
    ),
    Mutant(
        "catalog/fields.py",
        "        and key == key.strip()\n",
        "",
        ("tests/catalog/test_plain_attributes.py",),
        "the attributes colour and colour with a space are two, and a filter finds one of them",
    ),
    Mutant(
        "catalog/bounds.py",
        "or not least <= value < limit:",
        "or not least <= value <= limit:",
        ("tests/catalog/test_bounds.py",),
        "a price that no column holds fails in the database, and its row without a reason",
    ),
    Mutant(
        "catalog/fetching/targets.py",
        "return is_public(address.ipv4_mapped)",
        "return True",
        ("tests/unit/catalog/test_fetching.py::test_addresses_inside_the_network_are_not_fetched_from",),
        "a URL reads from servers inside the network",
    ),
    Mutant(
        "catalog/fetching/connection.py",
        "    for _ in range(MAX_REDIRECTS + 1):\n        target = choose_target(url)\n",
        "    target = choose_target(url)\n    for _ in range(MAX_REDIRECTS + 1):\n"
        "        parts = __import__('urllib.parse').parse.urlsplit(url)\n"
        "        target = Target(parts, target.host, target.port, target.addresses)\n",
        ("tests/api/test_images.py::test_answers_that_are_not_accepted",),
        "a redirect is followed without being judged",
    ),
    Mutant(
        "catalog/fetching/connection.py",
        "ssl.create_default_context()",
        "ssl._create_unverified_context()",
        ("tests/api/test_images.py::test_the_certificate_has_to_be_that_of_the_host",),
        "whoever sits on the line gives a product another picture",
    ),
    Mutant(
        "catalog/static/catalog/live.js",
        "        goesOn = page.querySelector(AT_WORK) !== null;  // before its nodes are taken from it\n"
        "        put(page);\n",
        "        put(page);\n        goesOn = page.querySelector(AT_WORK) !== null;\n",
        ("tests/browser/test_sources.py",),
        "the page of a source stands still after its first look at how far a run is",
    ),
    Mutant(
        "catalog/sources/admin.py",
        '            obj.save(update_fields=[*fields, "sealed_credentials", "read_as"])',
        "            obj.save()",
        (
            "tests/catalog/sources/test_admin.py"
            "::test_saving_the_form_writes_nothing_that_a_worker_has_written_meanwhile",
        ),
        "whoever saves the form of a source undoes what a worker wrote of its run meanwhile",
    ),
    Mutant(
        "catalog/sources/admin_forms.py",
        "is_operator=False",
        "is_operator=True",
        ("tests/catalog/sources/test_admin.py::test_addresses_that_whoever_uses_the_admin_may_not_name",),
        "whoever may add a source reads any file of the machine",
    ),
    Mutant(
        "catalog/sources/admin.py",
        "        if not self.has_change_permission(request):\n            raise PermissionDenied\n"
        "        source, chosen",
        "        source, chosen",
        ("tests/catalog/sources/test_admin.py::test_deeds_are_for_those_who_may_change_sources",),
        "whoever may look at sources has their products deleted",
    ),
    Mutant(
        "catalog/sources/feed_server.py",
        "if not self.secret or target.origin != self._origin:",
        "if not self.secret:",
        ("tests/catalog/sources/test_fetching.py",),
        "whoever a feed's server redirects to is told the password of the shop",
    ),
    Mutant(
        "catalog/sources/feed_server.py",
        'if target.url.scheme != "https" and not target.is_inside:',
        "if False:",
        ("tests/catalog/sources/test_fetching.py::test_credentials_are_not_sent_over_the_net_in_clear",),
        "the password of a shop can be read on the way",
    ),
    Mutant(
        "catalog/sources/feed_server.py",
        "or self.received < (self.expected or 0):",
        "or False:",
        ("tests/catalog/sources/test_fetching.py::test_a_feed_that_is_not_whole_broke_off",),
        "half a feed is taken for all of it, and the other half of the shop vanishes",
    ),
    Mutant(
        "catalog/sources/feed_server.py",
        "                if written > max_bytes:\n",
        "                if False:\n",
        ("tests/catalog/sources/test_fetching.py::test_a_feed_is_no_larger_than_it_may_be_however_small_it_is_packed",),
        "a bomb of a few kilobytes fills the disk",
    ),
    Mutant(
        "catalog/sources/unpacking.py",
        "return self._is_plain or (self._gzip is not None and self._gzip.eof)",
        "return True",
        ("tests/catalog/sources/test_fetching.py::test_a_feed_that_is_not_whole_broke_off",),
        "a packed feed that was cut off is taken for all of it",
    ),
    Mutant(
        "catalog/sources/shopify_pages.py",
        "raise _find_end(len(known))",
        "return",
        (
            "tests/catalog/sources/test_shopify_pages.py"
            "::test_a_shop_that_is_larger_than_shopify_shows_is_not_taken_for_whole",
        ),
        "the first 25,000 products of a larger shop are taken for all of it",
    ),
    Mutant(
        "catalog/sources/shopify_pages.py",
        "                if number == 1 or error.is_temporary:\n                    raise\n"
        "                raise _find_end(count) from error\n",
        "                return\n",
        ("tests/catalog/sources/test_shopify_pages.py",),
        "a shop that is busy for a moment loses the products of its further pages",
    ),
    Mutant(
        "embeddings/inputs.py",
        "ProductImage.objects.filter(~Exists(placeholder), product",
        "ProductImage.objects.filter(product",
        ("tests/embeddings/test_placeholders.py::test_a_picture_that_five_designs_share_counts_as_missing",),
        "everything that has the same no-image picture is recommended beside it",
    ),
    Mutant(
        "embeddings/services.py",
        "        settle_placeholders([lease.product_id for lease in leases])\n",
        "",
        ("tests/embeddings/test_placeholders.py::test_the_fifth_design_takes_the_picture_from_those_that_had_it",),
        "a placeholder is found only when somebody runs a command",
    ),
    Mutant(
        "embeddings/services.py",
        "    settle_placeholders()  # of",
        "    # of",
        ("tests/embeddings/test_placeholders.py::test_a_picture_that_ceases_to_be_a_placeholder_counts_again",),
        "the last products with a picture go without it for ever",
    ),
    Mutant(
        "embeddings/spaces/sampling.py",
        "    settle_all_placeholders()\n",
        "",
        ("tests/embeddings/test_placeholders.py::test_a_fit_leaves_placeholders_out_and_looks_at_every_picture",),
        "a space learns what the no-image picture looks like",
    ),
    Mutant(
        "embeddings/freshness/queue.py",
        "_put_bulk(product_ids, anew=True)",
        "_put_bulk(product_ids, anew=False)",
        ("tests/embeddings/test_placeholders.py::test_a_product_that_somebody_encodes_meanwhile_is_queued_again",),
        "a product that was being encoded keeps the placeholder in its vector",
    ),
    Mutant(
        "embeddings/migrations/0003_change_tracking.py",
        "OLD.category_id, OLD.variant_group)\n    IS DISTINCT FROM (NEW.id, NEW.content_hash, NEW.collection, "
        "NEW.category_id, NEW.variant_group))",
        "OLD.category_id)\n    IS DISTINCT FROM (NEW.id, NEW.content_hash, NEW.collection, NEW.category_id))",
        (
            "tests/embeddings/test_change_tracking.py::test_products_wait_when_what_is_encoded_of_them_has_changed_and_no_others",
        ),
        "a variant group that raw SQL dissolves leaves its placeholder in the vectors",
    ),
    Mutant(
        "embeddings/migrations/0003_change_tracking.py",
        "ARRAY[OLD.product_id, NEW.product_id]",
        "ARRAY[NEW.product_id]",
        (
            "tests/embeddings/test_change_tracking.py::test_products_wait_when_what_is_encoded_of_them_has_changed_and_no_others",
        ),
        "a product whose picture went to another one keeps it in its vector",
    ),
    Mutant(
        "embeddings/spaces/indexes.py",
        "        if not isinstance(error.__cause__, DiskFull) or",
        "        if not isinstance(error.__cause__, ZeroDivisionError) or",
        ("tests/embeddings/test_index_builds.py::test_one_process_builds_where_several_cannot_share_the_graph",),
        "a server in a container with 64 MB of shared memory never gets an index",
    ),
    Mutant(
        "embeddings/spaces/indexes.py",
        "max(usual_bytes, min(graph_bytes, most_bytes))",
        "max(usual_bytes, graph_bytes)",
        ("tests/embeddings/test_index_builds.py::test_a_build_gets_what_its_graph_needs_up_to_a_quarter_of_the_cache",),
        "an index build takes more memory than the machine has",
    ),
    Mutant(
        "embeddings/freshness/sweep.py",
        "filter(requests=sweep.requests, position",
        "filter(position",
        ("tests/embeddings/test_sweep.py::test_a_request_that_another_sweeper_takes_has_the_slice_compared_again",),
        "products of a renamed category keep the vectors of its old name for a day",
    ),
    Mutant(
        "embeddings/freshness/sweep.py",
        "sweep.is_urgent, sweep.urgent_until = True, sweep.position",
        "sweep.is_urgent, sweep.urgent_until, sweep.position = True, 0, 0",
        ("tests/embeddings/test_sweep.py::test_who_asks_again_and_again_keeps_no_product_from_being_reached",),
        "products at the end of a large catalogue wait for ever where categories are renamed every minute",
    ),
    Mutant(
        "embeddings/freshness/staleness.py",
        " & ~Q(Exists(tried_otherwise))",
        "",
        ("tests/embeddings/test_sweep.py::test_a_parked_product_follows_the_dial_once",),
        "a product with one unreadable picture keeps the vector of the old dial for ever",
    ),
    Mutant(
        "embeddings/spaces/indexes.py",
        "        _wait_for_builds()\n        if _becomes_valid(name):\n            return\n",
        "        pass\n",
        (
            "tests/embeddings/test_index_builds.py::test_a_build_that_outlives_its_process_is_waited_for_and_not_begun_anew",
        ),
        "a worker that is killed at an index costs its whole build a second time",
    ),
    Mutant(
        "recommendations/comparison_notes.py",
        "self.done.pairs = keep_listed(self.done.pairs)",
        "pass",
        (
            "tests/recommendations/test_near_duplicates.py::TestNotes::test_what_stood_beside_a_listing_that_was_deleted_or_hidden_since_is_still_found",
        ),
        "one listing that is deleted meanwhile hides all that it was grouped with",
    ),
    Mutant(
        "embeddings/services.py",
        "    PendingEmbedding.objects.bring_forward()\n",
        "",
        ("tests/embeddings/test_sweep.py::test_what_a_wrong_clock_has_put_off_is_due_with_the_next_beat",),
        "what was postponed by a clock of next year waits until next year",
    ),
    Mutant(
        "embeddings/freshness/sweep.py",
        "return _queue_parts(product_ids, put=put)",
        "return 0",
        ("tests/embeddings/test_sweep.py::test_who_holds_a_product_for_long_keeps_no_other_out_of_the_queue",),
        "a transaction that somebody forgot keeps 2,000 products out of the queue",
    ),
    Mutant(
        "embeddings/placeholders.py",
        "CASE WHEN p.variant_group <> '' THEN",
        "CASE WHEN false THEN",
        ("tests/embeddings/test_placeholders.py::test_variants_may_share_a_picture_however_many_they_are",),
        "variants that share a picture lose it",
    ),
    Mutant(
        "embeddings/placeholders.py",
        "ELSE 'title ' || coalesce(p.category_id, 0) || ' '",
        "ELSE 'title '",
        ("tests/embeddings/test_placeholders.py::test_one_brand_in_every_title_hides_no_placeholder",),
        "a shop whose titles begin with its brand has no placeholders",
    ),
    Mutant(
        "embeddings/fusion/factorisation.py",
        "    except np.linalg.LinAlgError:\n        from scipy",
        "    except ZeroDivisionError:\n        from scipy",
        ("tests/unit/embeddings/test_factorisation.py::test_where_the_quick_way_gives_up_the_slow_one_answers",),
        "no space can be fitted on some catalogues",
    ),
    Mutant(
        "embeddings/fusion/factorisation.py",
        "narrow[:, pivots] = upper[:rank]",
        "narrow[:] = upper[:rank]",
        (
            "tests/unit/embeddings/test_factorisation.py::test_a_matrix_of_any_rank_is_factored_into_orthonormal_directions",
        ),
        "text and picture are matched along the wrong directions",
    ),
    Mutant(
        "embeddings/spaces/building.py",
        "fusion=find_recipe().fusion",
        "fusion=starter.fusion",
        (
            "tests/embeddings/test_first_recipe.py::test_attention_stays_what_was_declared_although_the_first_space_is_concat_until_it_is_fitted",
        ),
        "no shop ever gets the fusion that it declared",
    ),
    Mutant(
        "embeddings/spaces/lifecycle.py",
        "promoted_at = space.promoted_at if is_rollback else now",
        "promoted_at = now",
        ("tests/embeddings/test_space_commands.py::test_a_second_roll_back_does_not_go_forward",),
        "who rolls back twice serves the space that was to be got rid of",
    ),
    Mutant(
        "embeddings/spaces/lifecycle.py",
        '    if space.status == Status.BUILDING:\n        said = gettext("Space %(name)s is not built yet',
        '    if False:\n        said = gettext("Space %(name)s is not built yet',
        (
            "tests/embeddings/test_space_commands.py::test_a_space_that_was_never_built_is_neither_promoted_nor_compared",
        ),
        "a space without vectors is served",
    ),
    Mutant(
        "catalog/fetching/targets.py",
        "meant = sent.decode()",
        "meant = location",
        ("tests/api/test_images.py::test_addresses_in_every_script_are_asked_for_in_ascii",),
        "redirects of servers in half of the world lead nowhere",
    ),
    Mutant(
        "catalog/fetching/targets.py",
        "host = encode_host(name)",
        "host = name",
        ("tests/api/test_images.py::test_hosts_in_every_script_are_resolved_and_named_in_ascii",),
        "pictures of hosts with an umlaut are not fetched",
    ),
    Mutant(
        "catalog/pictures/writes.py",
        '.encode(errors="replace").decode()',
        "",
        ("tests/api/test_images.py::test_a_download_that_failed_says_why",),
        "a download is being fetched for ever, since its reason cannot be written down",
    ),
    Mutant(
        "catalog/pictures/decoding.py",
        "if anatomy.passes > MAX_PASSES:",
        "if anatomy.passes > 100 * MAX_PASSES:",
        (
            "tests/unit/catalog/test_picture_costs.py"
            "::test_progressive_photos_need_a_few_passes_and_those_that_need_hundreds_are_refused",
        ),
        "a small photo of hundreds of scans keeps a processor busy",
    ),
    Mutant(
        "catalog/pictures/decoding.py",
        "return not self.taken or self.taken + amount <= MAX_BYTES_AT_ONCE",
        "return True",
        (
            "tests/unit/catalog/test_picture_costs.py"
            "::test_pictures_wait_until_there_is_room_and_a_costly_one_goes_alone",
        ),
        "sixteen photos at once take all memory",
    ),
    Mutant(
        "catalog/pictures/formats/png.py",
        'KEPT = {b"IHDR"',
        'KEPT = {b"zTXt", b"IHDR"',
        ("tests/unit/catalog/test_picture_costs.py::test_the_decoder_is_never_shown_a_text_that_unpacks_to_gigabytes",),
        "a text inside a picture fills the memory",
    ),
    Mutant(
        "catalog/pictures/colours.py",
        'return None if mode == "RGB" and changes_nothing(change) else change',
        "return None",
        (
            "tests/unit/catalog/test_picture_colours.py"
            "::test_numbers_are_read_as_the_profile_says_for_sizes_and_for_the_encoder",
        ),
        "products of a camera with wide colours look pale",
    ),
    Mutant(
        "catalog/pictures/colours.py",
        "GREY if vanishes_on_white(picture) else WHITE",
        "WHITE",
        ("tests/unit/catalog/test_picture_colours.py::test_white_shapes_get_a_ground_on_which_they_are_told_apart",),
        "white products cut out of their ground are empty cards, and all alike",
    ),
    Mutant(
        "catalog/pictures/serving.py",
        "shown = images.filter(product__is_active=True).first()",
        "shown = images.first()",
        (
            "tests/catalog/test_picture_serving.py"
            "::test_pictures_of_a_product_that_is_not_shown_are_not_there_for_the_public",
        ),
        "next season's products are seen before they are announced",
    ),
    Mutant(
        "catalog/importers/google/feed.py",
        "make_adviser(head, is_guessed=True)",
        "make_adviser(head, is_guessed=False)",
        ("tests/field/test_google.py",),
        "who exports a Chinese feed is told to read it as Latin letters",
    ),
    Mutant(
        "catalog/importers/rows.py",
        '(split_links(part) if "//" in part else [part])',
        "[part]",
        ("tests/field/test_pictures.py",),
        "three URLs between commas are one that leads nowhere",
    ),
    Mutant(
        "catalog/importers/picture_index.py",
        "self.find(end) if len(self.urls[end]) < 2 else None",
        "self.find(end)",
        ("tests/field/test_pictures.py",),
        "the blue kettle shows the red one, since both files are called 1.jpg",
    ),
    Mutant(
        "catalog/pictures/arranging.py",
        "    if not arrangement.is_complete:\n        kept",
        "    if False:\n        kept",
        ("tests/field/test_pictures.py",),
        "a picture server that is down for a night empties the shop of pictures",
    ),
    Mutant(
        "catalog/pictures/arranging.py",
        "is_fetched=picture.url not in not_again",
        "is_fetched=True",
        ("tests/field/test_pictures.py",),
        "each import fetches every picture again",
    ),
    Mutant(
        "catalog/pictures/arranging.py",
        "download.url not in arrangement.open_urls",
        "False",
        ("tests/field/test_pictures.py",),
        "the wrong picture comes after the file that corrected it, and a picture that is here comes twice",
    ),
    Mutant(
        "recommendations/search/queries.py",
        "max_pixels=MAX_PHOTO_PIXELS",
        "max_pixels=None",
        ("tests/unit/recommendations/test_search.py",),
        "anybody has the web server decode 50 megapixels",
    ),
    # embeddings
    Mutant(
        "embeddings/fusion/factorisation.py",
        'limits=1, user_api="blas"',
        'limits=None, user_api="blas"',
        ("tests/unit/embeddings/test_factorisation.py",),
        "the first space of sixty products takes a minute, and everybody waits beside it",
    ),
    Mutant(
        "embeddings/services.py",
        "lease(limit=JUST_SAVED, newest_only=True)",
        "lease(limit=batch_size)",
        ("tests/embeddings/test_refresh.py",),
        "what staff save while an import is embedded waits for two batches of it at once",
    ),
    Mutant(
        "embeddings/encoders/packaged/lite_onnx.py",
        "        before, after = padding // 2, padding - padding // 2\n",
        "        after, before = padding // 2, padding - padding // 2\n",
        ("tests/embeddings/test_encoders_packaged.py",),
        "each picture is seen half a pixel beside where the network was trained to see it",
    ),
    Mutant(
        "embeddings/encoders/packaged/lite_file.py",
        "stride for stride in tensor.strides]",
        "stride for stride in np.cumprod((1, *tensor.shape[:0:-1]))[::-1]]",
        ("tests/embeddings/test_encoders_packaged.py",),
        "weights are read in another order than they are kept in",
    ),
    # recommendations
    Mutant(
        "behaviour/events/rest.py",
        "            check_address(request, count=len(items))\n",
        "            pass\n",
        ("tests/api/test_events.py",),
        "one address records 600,000 events a minute under sessions that it makes up",
    ),
    Mutant(
        "recommendations/nearest.py",
        'few = f"products > {DOUBTED_FROM} AND',
        'few = f"false AND',
        (
            "tests/recall/test_filtered_reach.py"
            "::test_where_few_of_the_sample_pass_in_a_big_catalogue_a_bigger_one_is_asked",
        ),
        "ten thousand products of a million are compared one by one because two of a thousand passed",
    ),
    Mutant(
        "recommendations/nearest.py",
        "        ORDER BY {order}, 1 LIMIT",
        "        ORDER BY {order}, 1 DESC LIMIT",
        (
            "tests/recommendations/test_similar_products.py"
            "::test_where_the_limit_falls_among_equals_the_lowest_ids_are_found",
        ),
        "pages repeat or lose products that are equally near",
    ),
    Mutant(
        "recommendations/statements.py",
        ") one_of_each ORDER BY 2, 1 LIMIT",
        ") one_of_each ORDER BY 2 LIMIT",
        (
            "tests/recommendations/test_similar_products.py::test_of_variants_that_are_equals_the_lowest_ids_are_found_in_order",
        ),
        "the same with one card for each design",
    ),
    Mutant(
        "recommendations/nearest.py",
        "{AT_ONCE} * looks",
        "looks",
        ("tests/recall/test_filtered_reach.py::test_the_index_finds_three_times_as_many_rows_as_should_be_needed",),
        "the last rows that the index finds are shown, of which others are missing that are as near",
    ),
    Mutant(
        "recommendations/nearest.py",
        ") IS TRUE)::int), 0)",
        "))::int), 0)",
        (
            "tests/recall/test_filtered_reach.py::test_products_of_which_nothing_is_known_count_as_those_that_do_not_pass",
        ),
        "of products half of which have no price too many seem to pass, and the index is asked in vain",
    ),
    Mutant(
        "recommendations/nearest.py",
        "        LIMIT (SELECT looks FROM {reach}))",
        "        LIMIT 100000)",
        (
            "tests/recall/test_retrieval_recall.py::"
            "test_where_the_index_gives_up_everything_is_compared_in_the_same_statement",
        ),
        "of a category far from the product what pgvector has put aside is shown as the nearest",
    ),
    Mutant(
        "recommendations/retrieval.py",
        "    rows = fetch_nearest(retrieval, compared=not apart)\n",
        "    rows = fetch_nearest(retrieval)\n",
        ("tests/recommendations/test_plans.py::test_whether_a_filter_keeps_few_is_asked_by_a_statement_of_one_plan",),
        "filtered lists are planned anew each time, which takes longer than to run them",
    ),
    Mutant(
        "recommendations/retrieval.py",
        "        rows = fetch_nearest(replace(retrieval, exact=True))\n",
        "        pass\n",
        ("tests/recall/test_retrieval_recall.py::test_a_filter_costs_neither_rows_nor_recall",),
        "filters that keep few, or what is far away, find nothing",
    ),
    Mutant(
        "recommendations/nearest.py",
        "p.category_id = ANY(ARRAY(SELECT unnest(%(near_category_ids)s::bigint[])))",
        "%(near_category_ids)s IS NULL",
        (
            "tests/recall/test_retrieval_recall.py::"
            "test_before_there_is_an_index_the_anchors_own_category_is_looked_at_first",
        ),
        "until the index is built a product's nearest are not among its recommendations",
    ),
    Mutant(
        "recommendations/nearest.py",
        "            OFFSET 0) p LIMIT {limit}",
        "            ) p LIMIT {limit}",
        (
            "tests/recommendations/test_plans.py::test_a_filtered_list_goes_through_the_index_whatever_the_planner_expects",
        ),
        "a filter that the planner takes for narrow sorts all vectors",
    ),
    Mutant(
        "recommendations/statements.py",
        "        WHERE n.place = 1 ORDER BY",
        "        WHERE true ORDER BY",
        (
            "tests/recommendations/test_similar_products.py::"
            "test_of_variants_only_the_nearest_is_read_and_one_more_than_is_shown",
        ),
        "lists of products with many variants are searched twice to be full",
    ),
    Mutant(
        "recommendations/statements.py",
        "{own_rows(retrieval, 'p.id')} OFFSET 0)",
        "{own_rows(retrieval, 'p.id')})",
        ("tests/recommendations/test_plans.py::test_a_list_is_filled_up_in_the_order_of_an_index",),
        "to fill up one list all vectors of the shop are read",
    ),
    Mutant(
        "recommendations/statements.py",
        '["p.is_active", *bind_all',
        "[*bind_all",
        ("tests/recommendations/test_similar_products.py::test_inactive_products_are_never_shown",),
        "shoppers are recommended what is not for sale",
    ),
    Mutant(
        "recommendations/statements.py",
        "ORDER BY i.position, i.id LIMIT 1",
        "ORDER BY i.id LIMIT 1",
        ("tests/recommendations/test_similar_products.py::test_the_picture_of_a_card_is_the_first_by_position",),
        "cards show the oldest picture and not the one that was put first",
    ),
    Mutant(
        "recommendations/in_force.py",
        "r.ends_at > %(at)s",
        "r.ends_at >= %(at)s",
        ("tests/recommendations/test_rules.py::test_a_rule_works_from_its_first_moment_to_just_before_its_last",),
        "of two campaigns that follow each other both are on at once",
    ),
    Mutant(
        "recommendations/rules.py",
        "key=lambda rule: (-rule.scope, -rule.rule_id)",
        "key=lambda rule: (-rule.scope, rule.rule_id)",
        ("tests/unit/recommendations/test_rerank.py::test_of_two_pins_for_one_place_the_narrower_rule_has_it",),
        "a new pin has no effect where an older one is",
    ),
    Mutant(
        "recommendations/rule_preview.py",
        "        transaction.set_rollback(True)\n",
        "",
        ("tests/recommendations/test_rules.py::test_a_preview_leaves_no_trace",),
        "looking at a rule puts it into force",
    ),
    Mutant(
        "recommendations/planning.py",
        "        rows = max(rows, 5 * limit, 100)\n",
        "        pass\n",
        ("tests/recommendations/test_rules.py::test_a_boost_lifts_what_is_far_down",),
        "a boost does nothing for what is not near already",
    ),
    Mutant(
        "recommendations/planning.py",
        "NEAR_DUPLICATE_SIMILARITY = 0.995",
        "NEAR_DUPLICATE_SIMILARITY = 0.95",
        ("tests/recommendations/test_strategies.py::test_colours_of_one_design_are_no_duplicates",),
        "other colours of a product are hidden as second listings",
    ),
    Mutant(
        "recommendations/retrieval.py",
        "and self.reach is not None and 1 - self.reach < min_similarity",
        "and self.reach is not None",
        ("tests/recommendations/test_strategies.py::test_a_list_with_a_least_similarity_is_completed_too",),
        "lists with a least similarity are short where designs have many variants",
    ),
    Mutant(
        "recommendations/retrieval.py",
        'reach=farthest(rows, "exact", "approximate")',
        'reach=farthest(rows, "exact", "approximate", "weighted", "weighted nearby")',
        (
            "tests/recommendations/test_full_lists.py::"
            "test_what_a_boost_brings_in_from_afar_is_no_sign_that_all_that_is_near_was_found",
        ),
        "a boost leaves lists with a least similarity short",
    ),
    Mutant(
        "recommendations/retrieval.py",
        "        rest = find(replace(look_past(retrieval, known, collapse=collapse), limit=rows))\n",
        "        rest = find(replace(retrieval, limit=rows))\n",
        ("tests/recommendations/test_full_lists.py",),
        "one design of many variants, or one thing that is listed many times, is all that a list has",
    ),
    Mutant(
        "recommendations/search/full_text.py",
        "NOT EXISTS (SELECT FROM every UNION ALL SELECT FROM named)",
        "NOT EXISTS (SELECT FROM every)",
        (
            "tests/recommendations/test_search.py::TestWords::"
            "test_finds_what_it_is_the_sku_of_and_guesses_nothing_beside_it",
        ),
        "who types a SKU gets whatever has half of its letters",
    ),
    Mutant(
        "recommendations/retrieval.py",
        'complete = how == "exact" and reached < retrieval.limit',
        "complete = reached < retrieval.limit",
        ("tests/recommendations/test_strategies.py::test_an_index_that_gives_up_early_is_followed_by_an_exact_search",),
        "filters cost rows: what the index did not reach is not looked for",
    ),
    Mutant(
        "recommendations/rerank.py",
        "(1 - diversity) * scores - diversity * penalty",
        "(1 - diversity) * scores + diversity * penalty",
        ("tests/unit/recommendations/test_rerank.py::test_diversity_takes_the_next_best_that_is_different",),
        "diversity brings more of the same",
    ),
    Mutant(
        "recommendations/rerank.py",
        "c.similarity >= min_similarity]",
        "c.similarity > min_similarity]",
        (
            "tests/unit/recommendations/test_rerank.py"
            "::test_minimum_similarity_includes_its_bound_and_drops_what_was_not_compared",
        ),
        "what is exactly as similar as was asked for is missing",
    ),
    Mutant(
        "recommendations/rerank.py",
        "more = left + len(placed) + len(fallback) > how.limit or",
        "more = left > how.limit or",
        ("tests/unit/recommendations/test_rerank.py::test_what_a_pin_pushes_out_is_left_for_the_next_page",),
        "what a pin pushes off the first page is on no page",
    ),
    Mutant(
        "recommendations/rest/parameters.py",
        "SIGNER.unsign_object(cursor)",
        'SIGNER.unsign_object(SIGNER.sign(cursor.rpartition(":")[0]))',
        ("tests/recommendations/test_recommendations_api.py::test_a_cursor_belongs_to_its_parameters",),
        "strangers make up cursors",
    ),
    Mutant(
        "recommendations/rest/parameters.py",
        "if parameters != digest(asked):",
        "if not parameters:",
        ("tests/recommendations/test_recommendations_api.py::test_a_cursor_belongs_to_its_parameters",),
        "a cursor of another list goes on somewhere in the middle of this one",
    ),
    Mutant(
        "recommendations/rest/views.py",
        "inactive_anchors=may_see_all(request)",
        "inactive_anchors=bool(request.auth)",
        (
            "tests/recommendations/test_recommendations_api.py"
            "::test_only_who_may_write_gets_the_list_of_a_product_that_is_not_for_sale",
        ),
        "an app's key finds out what is not for sale yet",
    ),
    Mutant(
        "recommendations/rest/views.py",
        "{'private' if personal else 'public'}",
        "public",
        (
            "tests/recommendations/test_recommendations_api.py"
            "::test_only_who_may_write_gets_the_list_of_a_product_that_is_not_for_sale",
        ),
        "a cache gives everybody what only the shop may see",
    ),
    Mutant(
        "recommendations/rest/explanations.py",
        "Product.objects.shown().filter(",
        "Product.objects.filter(",
        ("tests/recommendations/test_explanations.py::test_what_is_not_for_sale_is_not_explained",),
        "an explanation names the brand and attributes of what is not for sale",
    ),
    Mutant(
        "behaviour/events/ingestion.py",
        "\nON CONFLICT DO NOTHING RETURNING",
        "\nRETURNING",
        ("tests/behaviour/test_ingestion.py::test_an_event_that_another_request_writes_meanwhile_counts_once",),
        "a phone that sends twice loses the whole batch",
    ),
    Mutant(
        "behaviour/privacy/erasure.py",
        'erase_key(make_key("user", user_id))',
        'erase_key(make_key("session", user_id))',
        ("tests/api/test_events.py::test_a_user_is_erased_and_nobody_else",),
        "what a user did stays although its erasure was confirmed",
    ),
    Mutant(
        "behaviour/serving/candidates.py",
        "FROM ({part}) part WHERE score > 0",
        "FROM ({part}) part",
        ("tests/behaviour/test_strategy_edges.py",),
        "an anchor of weight 0 fails a personal list: division by zero",
    ),
    Mutant(
        "behaviour/learners/lifting.py",
        "return best if gain > CERTAIN * error else 0.0",
        "return best",
        ("tests/unit/behaviour/test_lifting.py",),
        "chance moves what is like a product",
    ),
    Mutant(
        "behaviour/strategies.py",
        "SELECT v.settings -> 'similar_lift'",
        "SELECT v.settings -> 'lift'",
        ("tests/behaviour/test_strategies.py",),
        "what validation has proven of similar products is never served",
    ),
    Mutant(
        "behaviour/serving/history.py",
        'rows[0]["deeds"] >= MOST_DEEDS',
        "False",
        ("tests/behaviour/test_strategy_edges.py",),
        "who looks at a thousand pages is shown what they bought the day before",
    ),
    Mutant(
        "recommendations/brought.py",
        "y.id = b.because AND y.is_active",
        "y.id = b.because",
        ("tests/behaviour/test_strategy_edges.py",),
        "a reason names a product that is not for sale yet to whoever guesses its SKU",
    ),
    Mutant(
        "behaviour/serving/history.py",
        "AND (p.is_active OR d.id IS NOT NULL)",
        "",
        ("tests/behaviour/test_strategy_edges.py",),
        "an app learns by `recent` which hidden products there are",
    ),
    Mutant(
        "recommendations/choosing.py",
        'Reason("popular", explain_popular(one))',
        'Reason("popular", "Popular in this category")',
        ("tests/behaviour/test_strategy_edges.py",),
        "what fills a list from the whole catalogue is said to be popular in a category",
    ),
    Mutant(
        "recommendations/search/encoding.py",
        "    except PhotoError as error:",
        "    except ValueError as error:",
        ("tests/recommendations/test_search.py::TestPage::test_a_space_that_cannot_be_read_leaves_words_to_search_by",),
        "visitors are told to build the space again, and find nothing until somebody has",
    ),
    Mutant(
        "recommendations/search/full_text.py",
        "WHERE s.way = 'whole' AND",
        "WHERE",
        ("tests/recommendations/test_search_bounds.py",),
        "a common word reads half of a large catalogue for each search",
    ),
    Mutant(
        "recommendations/search/full_text.py",
        "SELECT id FROM every UNION SELECT id FROM titled",
        "SELECT id FROM every",
        ("tests/recommendations/test_search_bounds.py",),
        "of a common word, titles that have it are found by luck",
    ),
    Mutant(
        "recommendations/search/full_text.py",
        "cardinality(h.ids) > 0",
        "cardinality(h.ids) >= 0",
        ("tests/recommendations/test_search_bounds.py",),
        "words of a title that no product has together are looked for five times in all of the catalogue",
    ),
    Mutant(
        "recommendations/search/full_text.py",
        "FROM those_with ORDER BY size DESC",
        "FROM those_with ORDER BY size",
        ("tests/recommendations/test_search_bounds.py",),
        "what has two of the words fills the list, and what has three is not in it",
    ),
    Mutant(
        "recommendations/search/full_text.py",
        "LIMIT {compared_products(retrieval)}) p",
        ") p",
        ("tests/recommendations/test_search_bounds.py",),
        "a pasted text is compared with thousands of titles",
    ),
    Mutant(
        "recommendations/search/full_text.py",
        "ORDER BY c.found, w.place",
        "ORDER BY c.found DESC, w.place",
        ("tests/recommendations/test_search_bounds.py",),
        "what has the common word fills the list, and what has the rare one is not in it",
    ),
    Mutant(
        "recommendations/near_duplicates.py",
        "len(first) + len(second) <= MAX_GROUP",
        "True",
        ("tests/unit/recommendations/test_near_duplicates.py",),
        "chains of weak pairs make one group of half of the catalogue",
    ),
    Mutant(
        "recommendations/near_duplicates.py",
        "set_config('hnsw.iterative_scan', 'relaxed_order', true)",
        "set_config('hnsw.iterative_scan', 'off', true)",
        ("tests/recommendations/test_near_duplicates.py",),
        "a listing with many variants has no neighbours outside its group, so no second listing",
    ),
    Mutant(
        "recommendations/near_duplicates.py",
        "[*compared.pairs, *look_again(space, compared.pairs, thresholds=thresholds)]",
        "compared.pairs",
        ("tests/recommendations/test_near_duplicates.py",),
        "a pair that the index has missed from one of its sides is lost",
    ),
    Mutant(
        "recommendations/pages.py",
        "Count(0, is_exact=True) if listings is None else count_rows(listings)",
        "Count(0 if listings is None else listings.count(), is_exact=True)",
        ("tests/recommendations/test_near_duplicates.py",),
        "the page of near-duplicates counts, and compares, a catalogue of any size",
    ),
    Mutant(
        "catalog/title_words.py",
        "if not cursor.fetchone()[0]:",
        "if cursor.fetchone() is None:",
        ("tests/catalog/test_title_words.py",),
        "a word is forgotten while somebody is adding a title with it, and not learnt again",
    ),
    Mutant(
        "catalog/title_words.py",
        "plainto_tsquery('pg_catalog.english', w.word) || ",
        "",
        ("tests/catalog/test_title_words.py",),
        "words of translated titles are forgotten",
    ),
    Mutant(
        "catalog/title_words.py",
        'cursor.execute("SET LOCAL enable_seqscan = off")',
        "pass",
        ("tests/catalog/test_title_words.py",),
        "a word that is gone is looked for in every product",
    ),
    Mutant(
        "catalog/migrations/0010_rare_products.py",
        "CREATE TRIGGER unpictured_removed AFTER DELETE",
        "CREATE TRIGGER a_removed AFTER DELETE",
        ("tests/catalog/test_unpictured.py",),
        "of two who remove a product's last two pictures at once neither notices that it has none any more",
    ),
    Mutant(
        "catalog/conditions.py",
        "WHEN {0} <= 3 THEN 1 ELSE 2 END",
        "WHEN {0} < 3 THEN 1 ELSE 2 END",
        ("tests/catalog/test_admin_lists.py",),
        "staff are not told of a product of which three are left",
    ),
    Mutant(
        "recommendations/comparison_notes.py",
        "            file.truncate(kept)\n",
        "            file.tell()\n",
        (
            "tests/recommendations/test_near_duplicates.py::TestNotes::test_an_interrupted_comparison_goes_on_where_it_was",
        ),
        "after a crash in the middle of a line the notes cannot be read a second time",
    ),
    Mutant(
        "recommendations/search/plan.py",
        "if (one.similarity or 0.0) >= least or has_words(one)]",
        "]",
        ("tests/recommendations/test_search_answers.py::TestNothing::test_what_has_no_word_and_is_far_is_left_out",),
        "lists go on with what has nothing to do with the search",
    ),
    Mutant(
        "recommendations/search/floors.py",
        "not measured / GROWN < now < measured * GROWN",
        "not measured",
        (
            "tests/recommendations/test_search_answers.py::TestFloors::"
            "test_a_catalogue_that_has_grown_is_measured_again",
        ),
        "what was far for a few products is far for many: nonsense finds something once a shop has grown",
    ),
    Mutant(
        "recommendations/search/services.py",
        "floor=None, rules=RuleSet())",
        "found = plan.rank(",
        (
            "tests/recommendations/test_search_answers.py::TestNothing::"
            "test_near_is_all_that_is_nearest_not_what_has_one_of_the_words",
        ),
        "beside nothing found stands what has some word or other",
    ),
    Mutant(
        "recommendations/search/fusing.py",
        "score=known.score + (weights or {}).get(kind, 1.0) /",
        "score=1.0 /",
        ("tests/unit/recommendations/test_search.py::test_ranks_are_fused_by_their_reciprocals",),
        "what both words and meaning find is no better than what one of them finds",
    ),
    Mutant(
        "recommendations/explanations/pairs.py",
        "(float(parts[row, 0]), float(parts[row, 1])) if comparable",
        "(float(parts[row, 1]), float(parts[row, 0])) if comparable",
        ("tests/recommendations/test_explanations.py::test_a_modality_that_one_lacks_has_no_share",),
        "a pair is said to look alike of which one has no picture",
    ),
    Mutant(
        "recommendations/evaluation/metrics.py",
        "ideal = -np.sort(-np.asarray(judged",
        "ideal = -np.sort(-np.asarray(ranked",
        ("tests/unit/recommendations/test_evaluation_metrics.py",),
        "nDCG does not fall when a space leaves out what belongs into a list",
    ),
    Mutant(
        "recommendations/evaluation/intervals.py",
        "tail = (1 - confidence) / 2",
        "tail = 1 - confidence",
        ("tests/unit/recommendations/test_evaluation_intervals.py",),
        "intervals of 90 % are shown as 95 %, and chance passes for progress",
    ),
    Mutant(
        "catalog/templatetags/catalog.py",
        "number_format(round(price), decimal_pos=0",
        "number_format(price, decimal_pos=0",
        ("tests/unit/catalog/test_wording.py::test_prices_are_written_with_their_currency",),
        "99.9 yen are said to be 99",
    ),
    # behaviour
    Mutant(
        "behaviour/reports/counting.py",
        "UNION ALL SELECT *, %(after)s, -1, recommendation_id <> '' FROM touched",
        "UNION ALL SELECT *, %(after)s, -1, recommendation_id <> '' FROM touched WHERE false",
        ("tests/behaviour/test_daily_counts.py::test_a_click_that_comes_late_moves_the_credit_of_what_was_counted",),
        "what a phone sends late counts the same purchase for two lists",
    ),
    Mutant(
        "behaviour/events/history/rows.py",
        "    if isinstance(value, Unreadable):\n",
        "    if False:\n",
        (
            "tests/behaviour/test_import_events.py::test_an_object_has_what_it_names_and_what_nobody_asks_for_may_be_anything",
        ),
        "a list in a file becomes the name of a product",
    ),
    Mutant(
        "behaviour/management/commands/import_events.py",
        "0 if file.columns else ROWS_AT_ONCE",
        "0 if file.columns else 1",
        (
            "tests/behaviour/test_import_events.py::test_an_object_has_what_it_names_and_what_nobody_asks_for_may_be_anything",
        ),
        "what the first object does not name, nobody is asked for: all customers of a file are nobody",
    ),
    Mutant(
        "behaviour/reports/order_lines.py",
        "{_LINE}, nth ORDER BY",
        "{_LINE} ORDER BY",
        (
            "tests/behaviour/test_daily_counts.py::test_lines_that_are_the_same_and_that_one_has_told_are_as_many_as_they_are",
        ),
        "of the equal lines of an order one counts, and a shop's history has fewer sales than there were",
    ),
    Mutant(
        "behaviour/reports/counting.py",
        "PARTITION BY upto, order_key, sku ORDER BY",
        "PARTITION BY upto, order_key, sku, id ORDER BY",
        (
            "tests/behaviour/test_daily_counts.py::test_a_line_that_page_and_server_tell_counts_once_and_lines_that_differ_are_one_order",
        ),
        "two lines of a product in an order are two orders",
    ),
    Mutant(
        "behaviour/reports/counting.py",
        "    with transaction.atomic(), connection.cursor() as cursor:\n        after = take_turn",
        "    with connection.cursor() as cursor:\n        after = take_turn",
        ("tests/behaviour/test_counting_races.py",),
        "whoever is killed between the counts and the mark has them counted twice",
    ),
    Mutant(
        "behaviour/reports/counting.py",
        "upto = min(settled, first + BATCH - 1)",
        "upto = first + BATCH - 1",
        ("tests/behaviour/test_daily_counts.py::test_what_is_not_settled_is_left_for_later",),
        "events that are being written are passed over for good",
    ),
    Mutant(
        "behaviour/reports/attribution.py",
        "sku = judged.sku AND type IN",
        "type IN",
        ("tests/behaviour/test_daily_counts.py::test_a_day_calculated_on_paper",),
        "a click on one product is credited with the sale of another",
    ),
    Mutant(
        "behaviour/reports/answers.py",
        "guard_cell(name)",
        "name",
        ("tests/behaviour/test_performance_page.py::test_the_export_has_all_rows_and_runs_nothing_in_a_spreadsheet",),
        "a placement that anybody may send is run by the spreadsheet of whoever looks at the export",
    ),
    Mutant(
        "behaviour/events/ingestion.py",
        "        cursor.execute(CLAIM, [now, sorted(taken)])\n",
        "        cursor.execute(CLAIM, [now, list(taken)])\n",
        (
            "tests/behaviour/test_ingestion.py::test_keys_are_claimed_in_one_order_by_all_so_that_none_wait_for_each_other",
        ),
        "two batches with the same events in two orders wait for each other, and one of them is lost",
    ),
    Mutant(
        "behaviour/events/ingestion.py",
        "    if event.consent == Consent.NONE or not (",
        "    if not (",
        ("tests/behaviour/test_ingestion.py::test_without_consent_nothing_that_identifies_is_kept",),
        "who has not agreed is followed all the same",
    ),
    Mutant(
        "behaviour/privacy/erasure.py",
        "    wait_for_writers()\n    traces = find_traces(user_key)\n",
        "    traces = find_traces(user_key)\n",
        ("tests/behaviour/test_privacy.py::test_events_that_are_being_written_meanwhile_are_not_left_behind",),
        "what somebody does while they are erased is kept for good",
    ),
    Mutant(
        "behaviour/privacy/traces.py",
        "WHERE NOT EXISTS (SELECT FROM behaviour_event WHERE {column} = own.key AND user_key <> %(user)s)\n",
        "",
        ("tests/behaviour/test_privacy.py::test_all_of_a_user_goes_and_nothing_of_others",),
        "who shares a computer with somebody who is erased is erased with them",
    ),
    Mutant(
        "behaviour/serving/history.py",
        "        AND NOT EXISTS (SELECT FROM behaviour_tombstone WHERE key = e.user_key)\n",
        "",
        ("tests/behaviour/test_privacy.py::test_nothing_reads_a_user_from_the_first_moment",),
        "lists go by what somebody did who was told that it is forgotten",
    ),
    Mutant(
        "behaviour/events/ingestion.py",
        "SELECT pg_advisory_xact_lock_shared(%s), behaviour_make_month",
        "SELECT %s::int, behaviour_make_month",
        ("tests/behaviour/test_ingestion.py::test_what_is_settled_waits_for_whoever_is_writing",),
        "an event that is committed late is never counted",
    ),
    Mutant(
        "behaviour/events/ingestion.py",
        "        if origin is not None:\n",
        "        if not event.strategy and origin is not None:\n",
        ("tests/behaviour/test_ingestion.py",),
        "a page claims sales for a list that it was not in",
    ),
    Mutant(
        "behaviour/events/pseudonyms.py",
        "SECRET_KEY_FALLBACKS][-1]",
        "SECRET_KEY_FALLBACKS][0]",
        ("tests/unit/behaviour/test_pseudonyms.py",),
        "a new secret key makes strangers of all shoppers",
    ),
    Mutant(
        "behaviour/migrations/0001_initial.py",
        "    LOCK TABLE behaviour_event IN SHARE UPDATE EXCLUSIVE MODE;\n",
        "    PERFORM pg_advisory_xact_lock(1);\n",
        ("tests/behaviour/test_ingestion.py::test_several_that_write_the_same_events_at_once_write_each_once",),
        "the first events of a month fail where several come at once",
    ),
    Mutant(
        "behaviour/events/ingestion.py",
        "event.occurred_at.astimezone(UTC).isoformat()",
        "event.occurred_at.isoformat()",
        ("tests/behaviour/test_ingestion.py::test_a_moment_is_the_same_however_far_its_zone_is_from_utc",),
        "one event whose clock is 16 hours from UTC fails its whole batch",
    ),
    Mutant(
        "behaviour/events/checking.py",
        "                refuse_halves(item)",
        "                pass",
        ("tests/api/test_events.py::test_half_of_a_character_costs_its_own_event",),
        "half of an emoji in one event fails a thousand others",
    ),
    Mutant(
        "behaviour/events/rest.py",
        "refused if sees_all else None",
        "refused",
        ("tests/behaviour/test_privacy.py::test_who_may_not_learn_of_people_does_not_learn_who_was_erased",),
        "anybody learns who was a customer and asked to be forgotten",
    ),
    Mutant(
        "behaviour/events/admin.py",
        'lookup.partition("__")[0].removesuffix("_key") in OF_PEOPLE',
        "not lookup",
        ("tests/behaviour/test_privacy.py::test_staff_who_may_not_see_people_cannot_sort_them_out_by_an_address",),
        "staff who may not see people tell by an address which events are of one person",
    ),
    Mutant(
        "behaviour/events/bodies.py",
        "return min(LONGEST_OFFLINE, timedelta(days=settings.KINDRED_EVENTS_KEPT_DAYS))",
        "return LONGEST_OFFLINE",
        ("tests/behaviour/test_privacy.py::test_nothing_is_taken_that_is_older_than_the_memory_of_who_was_erased",),
        "an app sends what an erased user did once more, and nobody remembers that they were erased",
    ),
    Mutant(
        "behaviour/events/pseudonyms.py",
        "{text.strip()}",
        "{text}",
        ("tests/behaviour/test_privacy.py::test_a_user_is_who_they_are_with_spaces_around_the_id",),
        "who is asked for with a space beside the id is not found, and not erased",
    ),
    Mutant(
        "behaviour/events/history/loading.py",
        " if event.event_id not in told)",
        ")",
        ("tests/behaviour/test_import_events.py::test_a_line_of_an_order_that_another_has_told_is_known",),
        "what the shop's server has sent counts twice once its orders are imported",
    ),
    Mutant(
        "behaviour/events/rest.py",
        'request.headers.get("Sec-GPC") == "1"',
        "False",
        ("tests/api/test_events.py::test_nothing_that_identifies_is_kept_without_consent",),
        "a browser says that its user is not to be followed, and nobody listens",
    ),
    Mutant(
        "behaviour/events/checking.py",
        '("query" not in values or is_search) and is_in_time',
        "is_in_time",
        ("tests/unit/behaviour/test_checking.py",),
        "what is refused when it is looked at closely is recorded when it looks plain",
    ),
    Mutant(
        "behaviour/migrations/0002_moved_events.py",
        "            if key in new:\n",
        "            if key:\n",
        ("tests/behaviour/test_moved_events.py::test_a_move_that_was_interrupted_goes_on",),
        "an upgrade that was interrupted counts sales twice",
    ),
    Mutant(
        "behaviour/events/retention.py",
        "first.id < young.id GROUP",
        "first.id > 0 GROUP",
        ("tests/behaviour/test_retention.py",),
        "events go that are young, and sessions that came in while others did are never forgotten",
    ),
    Mutant(
        "behaviour/events/retention.py",
        "        if not _has_rows(cursor, name):\n",
        "        if name:\n",
        ("tests/behaviour/test_retention.py::test_a_month_into_which_somebody_writes_is_not_dropped",),
        "an event that comes late is dropped with its month",
    ),
    Mutant(
        "behaviour/events/history/rows.py",
        ":{self.repeats.count(digest)}",
        ":0",
        ("tests/behaviour/test_import_events.py::test_orders_are_purchases_and_what_came_back_is_no_sale",),
        "who buys the same thing twice in one order has bought one",
    ),
    Mutant(
        "behaviour/events/history/rows.py",
        'user_id="" if user_id in how.guests else',
        "user_id=",
        ("tests/behaviour/test_import_events.py::test_orders_are_purchases_and_what_came_back_is_no_sale",),
        "all guests of a shop are one customer, whose taste everybody is shown",
    ),
    Mutant(
        "behaviour/experiments/confidence_sequences.py",
        "    return np.sqrt((n + mixture) / n * np.log((n + mixture) / (mixture * alpha**2)))\n",
        "    return 1.96 + 0 * n\n",
        (
            "tests/unit/behaviour/test_experiments_simulation.py::test_at_most_five_of_a_hundred_experiments_without_a_difference_ever_show_one_in_28_daily_looks",
        ),
        "who looks every day sees a difference in every fourth experiment without one",
    ),
    Mutant(
        "behaviour/experiments/confidence_sequences.py",
        "    reach = np.where(is_enough(treated, control) & (error > 0), reach, np.inf)\n",
        "",
        (
            "tests/unit/behaviour/test_experiment_statistics.py::TestConfidenceSequences::test_nothing_is_said_while_it_is_too_early",
        ),
        "the first visitors, of whom none did anything, decide an experiment",
    ),
    Mutant(
        "behaviour/experiments/confidence_sequences.py",
        "kept=1 + worst_change)\n",
        "kept=1)\n",
        (
            "tests/unit/behaviour/test_experiment_statistics.py::TestConfidenceSequences::test_a_guard_breaks_only_when_the_worst_that_was_allowed_is_surely_passed",
        ),
        "a guard rail stops what does less harm than was allowed",
    ),
    Mutant(
        "behaviour/experiments/confidence_sequences.py",
        "    return arm.variance + smaller * np.maximum(pooled - arm.variance, 0)\n",
        "    return arm.variance\n",
        (
            "tests/unit/behaviour/test_experiments_simulation.py::test_nor_do_arms_of_unequal_size_with_rare_orders_large_sums_and_returns",
        ),
        "a tenth of the visitors, of whom nobody bought yet, is surely worse",
    ),
    Mutant(
        "behaviour/experiments/cuped.py",
        "    y = arm.y - slope * arm.x + arm.count * offset\n",
        "    y = arm.y - slope * arm.x\n",
        (
            "tests/unit/behaviour/test_experiment_statistics.py::TestCuped::test_each_unit_gives_up_what_its_history_explains",
        ),
        "what visitors did before is taken off the figure that is shown",
    ),
    Mutant(
        "behaviour/experiments/assignment.py",
        'f"{salt}:{key}"',
        'f"{key}"',
        ("tests/unit/behaviour/test_experiment_assignment.py",),
        "every experiment has the same visitors in its second arm, with what earlier ones did to them",
    ),
    Mutant(
        "behaviour/experiments/answering.py",
        "    if key is None or len(able) < len(trial.arms):\n",
        "    if key is None:\n",
        (
            "tests/behaviour/test_experiment_answers.py::TestComparing::test_where_an_arm_cannot_make_the_list_nobody_is_counted",
        ),
        "visitors whose list only one of the arms can make are counted in that arm",
    ),
    Mutant(
        "behaviour/experiments/answering.py",
        "    if first_request.options.page.shown_ids:\n",
        "    if False:\n",
        (
            "tests/behaviour/test_experiment_answers.py::TestInterleaving::test_further_pages_are_those_of_the_first_ranking",
        ),
        "further pages are drafted anew under a name that says who drafted the first",
    ),
    Mutant(
        "behaviour/experiments/answering.py",
        "    seed = f\"{trial.experiment.salt}:{key}:{','.join(request.anchors)}\"\n",
        "    seed = f\"{trial.experiment.salt}:{','.join(request.anchors)}\"\n",
        (
            "tests/behaviour/test_experiment_answers.py::TestInterleaving::test_one_list_is_drafted_from_two_and_its_name_says_who_drafted_what",
        ),
        "one coin for all visitors: the ranking that it favours has the first place of every list",
    ),
    Mutant(
        "behaviour/experiments/interleaving.py",
        "        team = toss() if is_even else int(sizes[1] < sizes[0])\n",
        "        team = int(sizes[1] < sizes[0])\n",
        (
            "tests/unit/behaviour/test_experiment_statistics.py::TestTeamDraft::test_the_smaller_team_picks_next_and_a_coin_decides_between_equals",
        ),
        "the first ranking always picks first, and wins by its places",
    ),
    Mutant(
        "behaviour/experiments/interleaving.py",
        "        if is_even and None in left:\n",
        "        if left == [None, None]:\n",
        (
            "tests/unit/behaviour/test_experiment_statistics.py::TestTeamDraft::test_where_a_ranking_runs_out_what_is_left_of_the_other_stands_for_nobody",
        ),
        "of two rankings the longer one wins",
    ),
    Mutant(
        "behaviour/experiments/answering.py",
        "None if arm.space in trials.gone_spaces else ",
        "",
        (
            "tests/behaviour/test_experiment_answers.py::TestWhatIsGone::test_lists_are_the_controls_where_an_arm_cannot_be_made_any_more",
        ),
        "who drops a space leaves half of the visitors with empty lists",
    ),
    Mutant(
        "behaviour/experiments/answering.py",
        'try_change(request, standing, space="")',
        "try_change(request, standing, space=standing.space)",
        (
            "tests/behaviour/test_experiment_answers.py::TestWhatIsGone::test_the_live_space_is_searched_where_another_went_live_after_that_of_what_was_promoted",
        ),
        "the lists of a promoted experiment search an old space for ever",
    ),
    Mutant(
        "behaviour/reports/order_lines.py",
        "quantity > 0 AND (order_key IS NULL OR copy = 1)",
        "quantity > 0",
        (
            "tests/behaviour/test_experiment_counting.py::test_what_page_and_server_both_tell_of_a_purchase_counts_once_as_in_reports",
            "tests/behaviour/test_experiment_counting.py::TestCredit::test_an_order_that_page_and_server_tell_gives_credit_once",
        ),
        "revenue of an experiment is twice what reports say, where page and server both tell of purchases",
    ),
    Mutant(
        "behaviour/experiments/counting.py",
        "AND type = 'impression' AND experiment",
        "AND type IN ('impression', 'click') AND experiment",
        (
            "tests/behaviour/test_experiment_counting.py::test_who_only_clicked_who_is_not_known_and_who_names_an_arm_of_others_does_not_count",
        ),
        "the arm that is clicked more has more visitors, all of whom clicked",
    ),
    Mutant(
        "behaviour/experiments/counting.py",
        "        if choose_arm(arms, salt=experiment.salt, key=key).name == arm:\n",
        "        if True:\n",
        (
            "tests/behaviour/test_experiment_counting.py::test_who_only_clicked_who_is_not_known_and_who_names_an_arm_of_others_does_not_count",
        ),
        "whoever sends events with a publishable key decides an experiment",
    ),
    Mutant(
        "behaviour/experiments/counting.py",
        "DO UPDATE SET first_at = least(unit.first_at, excluded.first_at)",
        "DO NOTHING",
        (
            "tests/behaviour/test_experiment_counting.py::test_events_in_any_order_and_steps_of_any_size_come_to_the_same",
        ),
        "what came in late does not count, though it happened first",
    ),
    Mutant(
        "behaviour/experiments/counting.py",
        "        occurred_at BETWEEN known.first_at AND",
        "        occurred_at BETWEEN %(started_at)s AND",
        (
            "tests/behaviour/test_experiment_counting.py::test_a_visitor_counts_in_their_arm_with_all_that_they_did_since_they_saw_a_list_of_it",
        ),
        "what was bought before any list was seen counts as the arm's doing",
    ),
    Mutant(
        "behaviour/experiments/lifecycle.py",
        '            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [STARTING])\n',
        "            pass\n",
        (
            "tests/behaviour/test_experiment_lifecycle.py::test_of_two_that_are_started_at_once_for_the_same_lists_one_runs",
        ),
        "two experiments that are started at the same moment share their lists",
    ),
    Mutant(
        "behaviour/experiments/lifecycle.py",
        "            if other.overlaps(locked):\n",
        "            if (other.placement, other.strategy) == (locked.placement, locked.strategy):\n",
        ("tests/behaviour/test_experiment_lifecycle.py::TestStart::test_a_list_is_part_of_one_experiment_at_most",),
        "an experiment on all lists runs beside one on the cart's, and each is the other's noise",
    ),
    Mutant(
        "behaviour/experiments/lifecycle.py",
        "    return arm == results.arms[0] or not results.has_mismatch\n",
        "    return True\n",
        (
            "tests/behaviour/test_experiment_lifecycle.py::TestPromote::test_where_visitors_were_not_shared_out_as_promised_nothing_wins_but_the_control",
        ),
        "an arm wins because the visitors who would have bought less never came into it",
    ),
    Mutant(
        "behaviour/experiments/results.py",
        "        return ALPHA / max((len(self.arms) - 1) * (1 + len(self.rails)), 1)\n",
        "        return ALPHA\n",
        ("tests/behaviour/test_experiment_admin.py::TestResults::test_arms_and_guard_rails_share_what_may_go_wrong",),
        "with four arms and three guard rails every other experiment without a difference shows one",
    ),
    Mutant(
        "behaviour/experiments/keeping.py",
        "        except Exception:  # whatever is wrong with one; beat tries again in a minute\n",
        "        except ZeroDivisionError:\n",
        (
            "tests/behaviour/test_experiment_lifecycle.py::TestGuardRails::test_the_worker_counts_looks_and_stops_and_one_failure_keeps_none_of_the_others_from_it",
        ),
        "one experiment that cannot be counted keeps the others' guard rails from working",
    ),
    Mutant(
        "behaviour/experiments/words.py",
        "    return number_format(round(value, digits), digits, force_grouping=True)\n",
        "    return number_format(value, digits, force_grouping=True)\n",
        ("tests/unit/behaviour/test_experiment_words.py",),
        "figures are cut off rather than rounded: 28.57 % is said to be 28.5 %",
    ),
    Mutant(
        "behaviour/experiments/results.py",
        "look.units for look in day.values()) >= planned), None)\n",
        "look.units for look in day.values()) > 0), None)\n",
        (
            "tests/behaviour/test_experiment_admin.py::TestResults::test_a_difference_is_said_with_its_interval_and_its_picture",
        ),
        "the ordinary test is shown every day, and somebody believes it on the luckiest",
    ),
    # behaviour: the storefront
    Mutant(
        "behaviour/storefront/cart_pages.py",
        "if gone := cart.drop_all_but(lines):",
        "if gone := 0:",
        ("tests/behaviour/test_storefront_cart.py",),
        "the header counts what is not sold any more, and nobody can take it out",
    ),
    Mutant(
        "behaviour/storefront/cart_pages.py",
        "if cart.is_full and not all(",
        "if False and not all(",
        ("tests/behaviour/test_storefront_cart.py",),
        "a full cart says that a product is sold out",
    ),
    Mutant(
        "behaviour/storefront/consent_pages.py",
        "    if before.is_granted and not granted:",
        "    if False:",
        ("tests/behaviour/test_storefront_consent.py",),
        "who takes consent back leaves behind what nobody can find again to erase it",
    ),
    Mutant(
        "behaviour/storefront/visits.py",
        "        return read_answer(request._request).is_granted",
        "        return True",
        ("tests/behaviour/test_storefront_consent.py",),
        "a page that goes away sends the last events after its visitor said no",
    ),
    Mutant(
        "behaviour/storefront/cart.py",
        "        totals[currency] = totals.get(currency, Decimal(0)) + amount\n",
        '        totals["EUR"] = totals.get("EUR", Decimal(0)) + amount\n',
        ("tests/behaviour/test_storefront_cart.py",),
        "euros and dollars are added up to a sum of nothing",
    ),
    Mutant(
        "behaviour/storefront/recording.py",
        "    if not deeds or not answer.is_granted:\n",
        "    if not deeds:\n",
        ("tests/behaviour/test_storefront_consent.py",),
        "carts and orders of visitors who said no are recorded",
    ),
    Mutant(
        "behaviour/storefront/consent.py",
        "    if has_privacy_control(request):\n        return Answer(Consent.NONE)\n",
        "",
        ("tests/behaviour/test_storefront_consent.py",),
        "Global Privacy Control is not heard once a visitor has agreed",
    ),
    Mutant(
        "behaviour/storefront/recording.py",
        '            event_id=f"{order_id}:{deed.product.sku}" if order_id else uuid4().hex,\n',
        "            event_id=uuid4().hex,\n",
        ("tests/behaviour/test_storefront_cart.py",),
        "an order that is sent by a double click is two",
    ),
    Mutant(
        "behaviour/storefront/lists.py",
        "            if known is None:\n                cache.set(",
        "            if known is not NOTHING:\n                cache.set(",
        ("tests/behaviour/test_storefront_lists.py",),
        "what newcomers see is never decided anew in a shop that is visited often",
    ),
    Mutant(
        "behaviour/storefront/bundle.py",
        "if ticked >> place & 1]",
        "]",
        ("tests/behaviour/test_storefront_lists.py",),
        "what is left out of a bundle still counts in its price",
    ),
    Mutant(
        "behaviour/static/storefront/storefront.js",
        "const isCounted = Boolean(own.dataset.session) && !navigator.globalPrivacyControl;\n",
        "const isCounted = true;\n",
        ("tests/browser/test_storefront.py",),
        "the storefront sends and keeps what visitors look at without their consent",
    ),
    Mutant(
        "behaviour/demo/simulated.py",
        'if row["arm"] == TRIED and',
        'if row["arm"] == "never" and',
        ("tests/behaviour/test_demo.py",),
        "the demo's experiment has no effect: both arms click alike",
    ),
    # config
    Mutant(
        "config/settings.py",
        'env.bool("DEBUG", default=False)',
        'env.bool("DEBUG", default=True)',
        (
            "tests/unit/config/test_settings.py"
            "::test_a_shop_says_nothing_of_its_inside_and_believes_no_proxy_unless_told_to",
        ),
        "an error shows every visitor the settings and the source",
    ),
    Mutant(
        "config/settings.py",
        """\
        descriptor, draft = tempfile.mkstemp(dir=path.parent)  # readable by its owner alone
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
        with contextlib.suppress(FileExistsError):  # another process made it a moment ago
            os.link(draft, path)  # all of it or nothing, also on a full disk
        os.unlink(draft)
""",
        "        path.write_text(secrets.token_urlsafe(50))\n",
        ("tests/unit/config/test_settings.py::test_a_secret_key_that_a_full_disk_cut_short_is_made_again",),
        "a full disk leaves a secret key that can be guessed",
    ),
    Mutant(
        "config/services/broker.py",
        '"volatile-lru"',
        '"allkeys-lru"',
        ("tests/services/test_lifecycle.py::test_a_full_cache_drops_nothing_that_waits_in_a_queue",),
        "a full cache drops the messages of the queues",
    ),
    Mutant(
        "config/services/redelivery.py",
        "    alone = lock.try_acquire()\n",
        "    alone = True\n",
        ("tests/services/test_redelivery.py::test_messages_of_a_living_worker_are_left_with_it",),
        "each worker that starts does over what another is working on",
    ),
    Mutant(
        "config/services/supervisor.py",
        "program.failures = 0 if now - program.started_at > STEADY_AFTER_S else program.failures + 1",
        "program.failures += 1",
        ("tests/services/test_supervisor.py::test_a_program_that_lived_for_a_minute_is_started_again_at_once",),
        "a shop that fails once a week is away for half a minute each time",
    ),
    Mutant(
        "embeddings/freshness/queue.py",
        "retry_at, product_id LIMIT %s FOR UPDATE SKIP LOCKED), ",
        "retry_at, product_id LIMIT %s FOR UPDATE), ",
        (
            "tests/embeddings/test_queue.py::test_a_lease_passes_over_a_product_that_somebody_holds_and_takes_the_next_at_once",
        ),
        "a worker waits for whoever is saving a product, and all other products with it",
    ),
    Mutant(
        "embeddings/freshness/queue.py",
        "USING (product_id, generation) ",
        "USING (product_id) ",
        ("tests/embeddings/test_queue.py::test_a_product_saved_while_it_is_leased_stays_and_is_due_at_once",),
        "an edit made while its product is being encoded is taken off the queue with the old text",
    ),
    Mutant(
        "embeddings/migrations/0003_change_tracking.py",
        "attempts = 0, retry_at = now(), reason = ''",
        "attempts = 0, reason = ''",
        (
            "tests/embeddings/test_refresh.py::test_a_product_with_nothing_to_encode_is_not_tried_again_until_it_changes",
        ),
        "a product that was mended stays parked, without a vector, for good",
    ),
    Mutant(
        "embeddings/freshness/queue.py",
        "        failed = self.filter(Q(retry_at__isnull=True) | Q(attempts__gt=0)",
        "        failed = self.filter(Q(attempts__gt=0)",
        ("tests/embeddings/test_queue.py::test_a_parked_product_is_not_tried_until_it_is_saved_or_asked_for",),
        "a product whose file is back stays without a vector, however often it is saved",
    ),
    Mutant(
        "embeddings/freshness/bell.py",
        "transaction.on_commit(ring, robust=True)",
        "transaction.on_commit(ring)",
        (
            "tests/embeddings/test_bell.py"
            "::test_a_bell_that_raises_stops_neither_the_saver_nor_what_else_waits_for_the_commit",
        ),
        "a bell that fails takes the shop's own hooks after a commit with it",
    ),
    Mutant(
        "embeddings/freshness/staleness.py",
        "sorted(dial, key=len, reverse=True)",
        "sorted(dial, key=len)",
        ("tests/embeddings/test_spaces.py::test_the_dial_is_turned_without_encoding_and_reaches_the_products_below",),
        "SQL takes another weight of the dial than Python does, and finds the same products stale for ever",
    ),
    Mutant(
        "embeddings/freshness/refresh.py",
        "is_permanent=all(problem.is_permanent for",
        "is_permanent=any(problem.is_permanent for",
        ("tests/embeddings/test_refresh.py::test_a_passing_trouble_beside_a_lasting_one_is_tried_again",),
        "a product with a damaged picture loses its text too, where that could not be encoded for a moment",
    ),
    Mutant(
        "embeddings/services.py",
        "refresh_products(space, [lease.product_id for lease in leases], keep_alive=keep_alive)",
        "refresh_products(space, [lease.product_id for lease in leases])",
        ("tests/embeddings/test_spaces.py::test_leases_are_renewed_while_a_space_beside_the_live_one_encodes",),
        "leases run out while a slow encoder of a new space works, and two workers do the same work",
    ),
    Mutant(
        "embeddings/services.py",
        '    except Exception:\n        logger.exception("Space',
        '    except EncoderError:\n        logger.exception("Space',
        ("tests/embeddings/test_spaces.py::test_a_space_beside_the_live_one_that_fails_holds_nothing_up",),
        "a space that is only being tried out stops all embedding in the live one",
    ),
    Mutant(
        "embeddings/inputs.py",
        'order_by=("position", "id")',
        'order_by=("id",)',
        ("tests/embeddings/test_inputs.py::test_every_change_of_what_is_encoded_changes_the_fingerprint",),
        "pictures put into another order are no change",
    ),
    Mutant(
        "embeddings/vectors.py",
        "average = unit_rows([np.mean(found, axis=0)])[0]",
        "average = np.mean(found, axis=0)",
        (
            "tests/unit/embeddings/test_vectors.py"
            "::test_several_pictures_become_their_mean_in_unit_length_and_what_could_not_be_encoded_does_not_count",
        ),
        "pictures that differ give a shorter vector, and calibration takes too much away from it",
    ),
    Mutant(
        "embeddings/querysets.py",
        "            _lock_storers(ids)\n",
        "",
        ("tests/embeddings/test_store.py::test_a_slow_storer_never_overwrites_the_vector_of_a_newer_text",),
        "a slow worker overwrites the vector of a newer text",
    ),
    Mutant(
        "embeddings/querysets.py",
        "if current.get(product.product_id) == product.fingerprint]",
        "if product.product_id in current]",
        ("tests/embeddings/test_store.py::test_a_product_changed_since_it_was_read_is_not_stored",),
        "the vector of an old text is stored as that of the new one",
    ),
    Mutant(
        "embeddings/querysets.py",
        'order_by("-retired_at", "-pk")',
        'order_by("-pk")',
        ("tests/embeddings/test_spaces.py::test_roll_back_serves_the_space_that_was_live_last_however_old_it_is",),
        "a rollback serves a space that had been replaced long before",
    ),
    Mutant(
        "embeddings/encoding.py",
        "        (space.image_identity, encoders.image.info.identity),\n",
        "",
        ("tests/embeddings/test_spaces.py::test_a_space_refuses_other_weights_of_either_of_its_encoders",),
        "vectors of two picture encoders are compared with each other after an upgrade",
    ),
    Mutant(
        "embeddings/encoders/base.py",
        "parts = [weights, *(f",
        "parts = [*(f",
        (
            "tests/unit/embeddings/test_encoders_spec.py"
            "::test_an_identity_changes_with_the_weights_and_with_everything_declared_in_whatever_order",
        ),
        "other weights under the same name pass for the same encoder, and old vectors for its own",
    ),
    Mutant(
        "embeddings/spaces/lifecycle.py",
        '    space.refresh_from_db(fields=["status"])\n'
        "    if space.status == Status.LIVE:\n"
        '        raise SpaceError(gettext("Space %s is live: promote',
        '    if space.status == Status.LIVE:\n        raise SpaceError(gettext("Space %s is live: promote',
        (
            "tests/embeddings/test_spaces.py::test_a_space_that_somebody_else_has_promoted_meanwhile_is_known_to_be_live",
        ),
        "the space that a colleague has just promoted is dropped under the shop",
    ),
    Mutant(
        "embeddings/spaces/indexes.py",
        'sql.SQL("") if connection.in_atomic_block else sql.SQL("CONCURRENTLY")',
        'sql.SQL("")',
        ("tests/embeddings/test_spaces.py::test_saves_go_on_while_indexes_are_built_and_dropped",),
        "nothing can be embedded for the minutes that an index takes",
    ),
    Mutant(
        "embeddings/spaces/maintenance.py",
        "retired.filter(fitted_on=0, retired_at__lt=before)",
        "retired.filter(retired_at__lt=before)",
        ("tests/embeddings/test_spaces.py::test_a_fitted_space_that_was_served_is_kept_to_roll_back_to",),
        "five minutes after a promotion there is nothing to roll back to",
    ),
    Mutant(
        "embeddings/fusion/fitted_modality.py",
        "joined = _join(parts, means=self.means, weights=self.weights, width=self.input_dim)",
        "joined = _join(parts, means=[0 * mean for mean in self.means], weights=self.weights, width=self.input_dim)",
        (
            "tests/unit/embeddings/test_fusion.py"
            "::test_each_part_of_a_modality_is_calibrated_by_its_own_mean_before_they_are_joined",
        ),
        "vectors are not calibrated, and every product looks like every other",
    ),
    Mutant(
        "embeddings/fusion/base.py",
        "np.where(total > 0, weights / np.where(total > 0, total, 1), fallback)",
        "(weights / np.where(total > 0, total, 1))",
        (
            "tests/unit/embeddings/test_fusion.py"
            "::test_a_dial_turned_all_the_way_leaves_a_product_the_one_modality_it_has",
        ),
        "with the dial on pictures alone, products without one vanish from every list",
    ),
    Mutant(
        "embeddings/fusion/concat.py",
        "            text, image = self.imputation.fill(text, image)\n",
        "            self.imputation.fill(text, image)\n",
        (
            "tests/unit/embeddings/test_fusion.py"
            "::test_a_product_without_a_picture_is_fused_with_the_one_it_would_probably_have",
        ),
        "products without a picture are hardly ever recommended",
    ),
    Mutant(
        "catalog/bulk_saving.py",
        "{'FOR UPDATE OF product' if lock else ''}",
        "",
        ("tests/catalog/test_writing.py::test_nobody_else_changes_a_product_between_the_comparison_and_the_save",),
        "of two that change a product's attributes at once, one loses the change",
    ),
    Mutant(
        "catalog/writing.py",
        "return retry_deadlocks(lambda: write_together(writes, dry_run=dry_run))",
        "return write_together(writes, dry_run=dry_run)",
        ("tests/catalog/test_import_rejections.py::test_a_deadlock_is_tried_again",),
        "an import that meets another one ends with a deadlock",
    ),
    Mutant(
        "catalog/writing.py",
        "        products_saved.send(Product, product_ids=saved)\n",
        "        pass\n",
        (
            "tests/embeddings/test_queue.py"
            "::test_products_saved_together_are_queued_in_their_transaction_and_the_bell_rings_once",
        ),
        "what an import brings is recommended by its old texts until somebody looks for stale vectors",
    ),
    Mutant(
        "catalog/bulk_saving.py",
        "groups[frozenset(names) & frozenset(COSTLY)].append(product)",
        "groups[frozenset()].append(product)",
        (
            "tests/catalog/test_bulk_saving.py"
            "::test_a_field_that_a_product_does_not_change_keeps_every_digit_beside_one_that_does",
        ),
        "numbers of a product lose digits because another product of the file has changed",
    ),
    Mutant(
        "catalog/filters.py",
        """object.__setattr__(self, "attributes", join_attributes(self.attributes, self.attr))""",
        """object.__setattr__(self, "attributes", self.attributes)""",
        ("tests/recommendations/test_declarations.py::test_an_attribute_may_be_named_in_the_value",),
        "the filter of a generated client is taken and has no effect",
    ),
    Mutant(
        "api/schema.py",
        """rest = {name: value for name, value in field.items() if name != "default"}""",
        """rest = field""",
        ("tests/api/test_schema.py::test_no_field_of_a_body_has_a_default_which_some_generators_take_for_a_duty",),
        "apps in TypeScript have to send every option of a placement",
    ),
    Mutant(
        "recommendations/static/recommendations/kindred.js",
        "Math.min(Math.max(Number.parseInt(",
        "0 * Math.min(Math.max(Number.parseInt(",
        (
            "tests/browser/test_pages.py"
            "::test_the_web_component_moves_nothing_and_needs_nothing_that_a_strict_policy_forbids",
        ),
        "what somebody is reading jumps down when the products come",
    ),
    Mutant(
        "recommendations/static/recommendations/kindred.js",
        "CORS_ALLOWED_ORIGINS=${location.origin}",
        "",
        ("tests/browser/test_shop.py::test_the_console_names_the_origin_that_the_shop_does_not_allow_yet",),
        "an empty place on the page, and nothing that says which setting is missing",
    ),
    Mutant(
        "recommendations/static/recommendations/kindred.js",
        "navigator.globalPrivacyControl",
        "navigator.isThere",
        ("tests/browser/test_widget_events.py::test_without_consent_nothing_is_sent_stored_or_looked_up",),
        "who has told every site that they are not to be followed is followed",
    ),
    Mutant(
        "behaviour/events/beacons.py",
        "        return AnonymousUser(), key\n",
        "        return (AnonymousUser(), key) if key else None\n",
        ("tests/api/test_event_beacons.py::test_it_counts_for_nobody_who_is_logged_in",),
        "any page acts for whoever is logged in here",
    ),
    Mutant(
        "behaviour/events/beacons.py",
        "if origin is not None and origin not in",
        "if origin is None and origin not in",
        ("tests/api/test_event_beacons.py::test_pages_that_may_not_call_the_api_may_not_send_events",),
        "every site makes its visitors send events that never happened",
    ),
    Mutant(
        "behaviour/events/beacons.py",
        "        if is_beacon(request):\n            return self.anonymous_policy",
        "        if not request:\n            return self.anonymous_policy",
        ("tests/api/test_event_beacons.py::test_it_counts_on_the_budget_of_its_address_whatever_its_key",),
        "one visitor uses up what the key of a whole shop may ask",
    ),
    Mutant(
        "recommendations/rest/views.py",
        """        if all(answer["problem"] is None for answer in answers):
            allow_caching""",
        """        if answers:
            allow_caching""",
        (
            "tests/recommendations/test_recommendation_batches_by_get.py"
            "::test_each_placement_fails_alone_and_then_nothing_is_kept",
        ),
        "a list that failed for a moment stays away for as long as caches keep it",
    ),
    Mutant(
        "behaviour/events/admin.py",
        "return OF_PEOPLE if request.user.has_perm(MAY_SEE_PEOPLE) else ()",
        "return OF_PEOPLE",
        ("tests/admin/test_events.py::test_who_it_was_is_for_those_alone_who_may_see_people_and_a_pseudonym_to_them",),
        "whoever may look at events follows single visitors",
    ),
    Mutant(
        "catalog/pages.py",
        "not in {category.path for category in categories}",
        "in set()",
        ("tests/catalog/test_pages.py::test_a_category_that_is_not_there_is_not_found",),
        "every made-up category is a page for search engines",
    ),
    Mutant(
        "api/content_policy.py",
        """startswith("text/html")""",
        """startswith("text/plain")""",
        ("tests/api/test_content_policy.py::test_pages_load_what_is_ours_and_nothing_that_stands_in_them",),
        "a script that gets into a page runs",
    ),
    Mutant(
        "catalog/characters.py",
        '    text = UNSEEN.sub(lambda match: match[1] or "", text)\n',
        "",
        ("tests/field/test_doors.py::test_every_door_stores_a_value_alike_or_refuses_it_alike",),
        "a title that nobody can see is a title, and a sku with a zero-width space is another product",
    ),
    Mutant(
        "catalog/html_text.py",
        "MAX_ESCAPES = 4 ",
        "MAX_ESCAPES = 1 ",
        ("tests/field/test_doors.py::test_every_door_stores_a_value_alike_or_refuses_it_alike",),
        "shoppers read the tags of a description that was escaped twice",
    ),
    Mutant(
        "catalog/prices.py",
        " or mark or _refuse_to_guess(whole, rest)",
        " or mark or separator",
        ("tests/field/test_doors.py::test_every_door_stores_a_value_alike_or_refuses_it_alike",),
        "a wardrobe of 1.299 euros is sold for 1.30",
    ),
    Mutant(
        "catalog/prices.py",
        "    if code and code not in DECIMALS:\n",
        "    if not code.isascii():\n",
        ("tests/field/test_doors.py::test_every_door_stores_a_value_alike_or_refuses_it_alike",),
        "a currency that does not exist is shown beside prices",
    ),
    Mutant(
        "catalog/prices.py",
        "    if decimals == 0:\n        return OTHER[separator]\n",
        "",
        ("tests/field/test_doors.py::test_every_door_stores_a_value_alike_or_refuses_it_alike",),
        "12.500 yen are refused, though yen have no decimals",
    ),
    Mutant(
        "catalog/importers/table.py",
        '                raise csv.Error("what follows would be rows")\n',
        "                pass\n",
        ("tests/field/test_tables.py::test_a_table_from_the_wild",),
        "a quote that is never closed swallows rows without a word",
    ),
    Mutant(
        "catalog/importers/table.py",
        "        self.waiting.extendleft(reversed(others))\n",
        "",
        ("tests/field/test_tables.py::test_a_table_from_the_wild",),
        "a quote that is never closed costs all rows up to the next one",
    ),
    Mutant(
        "catalog/importers/table.py",
        "encoding = name_by_mark(head) or encoding.lower()",
        "encoding = encoding.lower()",
        ("tests/field/test_tables.py::test_a_table_from_the_wild",),
        "what Excel calls Unicode text is refused",
    ),
    Mutant(
        "catalog/importers/decimal_marks.py",
        "MARKS[decimal] if decimal else find_mark(said)",
        'MARKS.get(decimal, ".")',
        ("tests/field/test_tables.py::test_a_table_from_the_wild",),
        "prices of a file with decimal commas are a thousand times too small",
    ),
    Mutant(
        "catalog/importers/decimal_marks.py",
        'if said or not currency else [currency, ""]',
        "if True else []",
        ("tests/field/test_tables.py::test_a_table_from_the_wild",),
        "who says --currency USD is told to give the currency of $12.50",
    ),
    Mutant(
        "catalog/importers/table.py",
        "skipinitialspace=self.is_spaced",
        "skipinitialspace=False",
        ("tests/field/test_tables.py::test_a_table_from_the_wild",),
        "a hand-written table with a space behind each comma loses what it quotes",
    ),
    Mutant(
        "catalog/importers/encodings.py",
        "best, name = bits, NAMES.get(encoding, encoding)",
        'best, name = bits, "cp1252"',
        ("tests/field/test_tables.py::test_a_table_from_the_wild",),
        "a Chinese shop is told to read its file as Western European",
    ),
    Mutant(
        "catalog/importers/rows.py",
        "return read_known if is_known(column) else str.strip",
        "return str.strip",
        ("tests/field/test_tables.py::test_a_table_from_the_wild",),
        "products of a Python script are of the brand None",
    ),
    Mutant(
        "catalog/prices.py",
        "            _read_amount(core, mark)  # a range or a date (12,50-15,00; 12.05.2024) has no say\n",
        "",
        ("tests/field/test_tables.py::test_a_table_from_the_wild",),
        "a range in one row makes another price a thousand times smaller",
    ),
    Mutant(
        "catalog/importers/report.py",
        "(not self.is_shifted or next(iter",
        "(True or next(iter",
        ("tests/field/test_csv.py::test_a_csv_file_from_the_wild",),
        "a complete file hides the product whose row has a comma too many",
    ),
    Mutant(
        "catalog/importers/report.py",
        'name_product(self.fields.get("sku", "")) if is_certain',
        'self.fields.get("sku", "").strip() if is_certain',
        ("tests/field/test_csv.py::test_a_csv_file_from_the_wild",),
        "a complete file hides the product whose rejected row writes its sku with something unseen",
    ),
    Mutant(
        "catalog/fields.py",
        'if not number or re.fullmatch(r"[1-9]\\d{0,2}[.,]000", text):',
        "if not number:",
        ("tests/field/test_doors.py::test_every_door_stores_a_value_alike_or_refuses_it_alike",),
        "a stock of 1.000, a thousand in half the world, is one",
    ),
    Mutant(
        "catalog/importers/rows.py",
        "said = read_own(clean_characters(text))",
        "said = text.strip()",
        ("tests/field/test_tables.py::test_a_table_from_the_wild",),
        "attributes in columns of their own keep what nobody sees, and filters miss them",
    ),
    Mutant(
        "catalog/importers/rows.py",
        "parse_constant=_refuse_constant, object_pairs_hook=read_object",
        "parse_constant=_refuse_constant",
        ("tests/field/test_tables.py::test_a_table_from_the_wild",),
        "of an attribute that is said twice one value is lost in silence",
    ),
    Mutant(
        "catalog/importers/cells.py",
        "(?=[0-9][0-9.,]*\\Z|[=+\\-@])",
        "(?=.)",
        ("tests/field/test_tables.py::test_a_table_from_the_wild",),
        "the brand of '47 and the title 'Tis lose a letter",
    ),
    Mutant(
        "catalog/importers/table.py",
        "if not problem and (is_blank(cells) or is_header):",
        "if not problem and not any(cells):",
        ("tests/field/test_tables.py::test_a_table_from_the_wild",),
        "the header of a second file becomes a product called title",
    ),
    Mutant(
        "catalog/importers/shopify.py",
        '        taken.add(name_product(row.fields.get("variant sku", "")))\n',
        "",
        ("tests/field/test_shopify.py::test_a_shopify_export_from_the_wild",),
        "a made sku takes the place of a product that has it, which is lost",
    ),
    Mutant(
        "catalog/importers/shopify.py",
        'return clean_name(row.fields.get("handle", "")).lower() or',
        'return row.fields.get("handle", "") or',
        ("tests/field/test_shopify.py::test_a_shopify_export_from_the_wild",),
        "a variant whose handle has a capital is rejected",
    ),
    Mutant(
        "catalog/importers/shopify.py",
        "return read_known(text) if column in READ and not",
        "return text if column in READ and not",
        ("tests/field/test_shopify.py::test_a_shopify_export_from_the_wild",),
        "nan is a picture, a tracker of stock and a variant of its own",
    ),
    Mutant(
        "catalog/yes_no.py",
        'if not unicodedata.combining(letter)).replace("ı", "i")',
        "if not unicodedata.combining(letter))",
        ("tests/field/test_doors.py::test_every_door_stores_a_value_alike_or_refuses_it_alike",),
        "a Turkish spreadsheet cannot hide a product",
    ),
    Mutant(
        "catalog/fields.py",
        "        text = strip_ballast(text)\n",
        "        pass\n",
        ("tests/field/test_tables.py::test_a_table_from_the_wild",),
        "a description that a word processor wrote costs its row",
    ),
    Mutant(
        "catalog/fields.py",
        "            check_json(key)\n",
        "",
        ("tests/catalog/test_fields.py::test_every_door_refuses_the_same_values",),
        "a name of an attribute that Postgres cannot keep is a failure of the server",
    ),
    Mutant(
        "catalog/importers/load.py",
        "        parsed = []\n",
        "        parsed, self.lines = [], {}\n",
        ("tests/catalog/test_import_rejections.py::test_a_sku_that_comes_again_in_a_later_batch_is_a_duplicate_too",),
        "a sku that a long file has twice silently overwrites the first product",
    ),
    Mutant(
        "catalog/importers/rows.py",
        "if text or column in emptied}",
        "}",
        ("tests/field/test_shopify.py::test_a_shopify_export_from_the_wild",),
        "a file of prices with empty columns empties what it does not mention",
    ),
    Mutant(
        "catalog/importers/csv.py",
        'KEPT = frozenset({*REQUIRED, "is_active", "currency"})',
        "KEPT = frozenset(REQUIRED)",
        ("tests/field/test_csv.py::test_a_csv_file_from_the_wild",),
        "an empty cell shows a product that was hidden, and takes a price its currency",
    ),
    Mutant(
        "catalog/importers/shopify.py",
        "SourceRow(variant.line, fields, problem, emptied, more | named, page_path=page)",
        "SourceRow(variant.line, fields | named, problem, emptied, more, page_path=page)",
        ("tests/field/test_shopify.py::test_a_shopify_export_from_the_wild",),
        "an option called Price overwrites the price",
    ),
    Mutant(
        "catalog/importers/shopify.py",
        "is_group_title=not suffix)",
        "is_group_title=False)",
        ("tests/field/test_shopify.py::test_a_shopify_export_from_the_wild",),
        "a file of prices renames the variants to their group",
    ),
    Mutant(
        "catalog/importers/shopify.py",
        'or f" {row.line}"',
        'or ""',
        ("tests/field/test_shopify.py::test_a_shopify_export_from_the_wild",),
        "all rows without a handle become one product",
    ),
    Mutant(
        "catalog/importers/shopify.py",
        "sorted(self.rows, key=_place_picture)",
        "self.rows",
        ("tests/field/test_shopify.py::test_a_shopify_export_from_the_wild",),
        "cards show the last picture of a listing instead of the first",
    ),
    Mutant(
        "catalog/importers/gathering.py",
        "ORDER BY begin, rows.part, line",
        "ORDER BY line",
        ("tests/field/test_shopify.py::test_a_shopify_export_from_the_wild",),
        "variants that are not beside their product lose its title and group",
    ),
    Mutant(
        "catalog/importers/bounded_names.py",
        'else add_digest(name, of="\\x1f".join(texts))',
        "else shorten_name(name)",
        ("tests/field/test_shopify.py::test_a_shopify_export_from_the_wild",),
        "variants +1.00 and -1.00 become one product",
    ),
    Mutant(
        "catalog/importers/woocommerce.py",
        'return skus.get(f"id:{match[1]}", f"woocommerce-{match[1]}") if match else parent',
        "return parent",
        ("tests/field/test_woocommerce.py::test_a_woocommerce_export_from_the_wild",),
        "variations that name their parent by its number are a group of their own",
    ),
    Mutant(
        "catalog/importers/magento.py",
        '"product_online"), _say(said, "visibility").lower()',
        '"product_online"), ""',
        ("tests/field/test_magento.py::test_a_magento_export_from_the_wild",),
        "variations that the shop has no page for are recommended",
    ),
    Mutant(
        "catalog/importers/sale_prices.py",
        "if reduced and self.holds(at) and",
        "if reduced and",
        ("tests/field/test_woocommerce.py::test_a_woocommerce_export_from_the_wild",),
        "a sale that is over goes on",
    ),
    Mutant(
        "catalog/importers/exports.py",
        "    refuse_translated_exports(there)\n",
        "",
        ("tests/field/test_woocommerce.py::test_a_woocommerce_export_from_the_wild",),
        "an export in German is loaded without prices, each product under its number",
    ),
    Mutant(
        "catalog/importers/sale_prices.py",
        " and not is_dearer(reduced, regular)",
        "",
        ("tests/field/test_woocommerce.py::test_a_woocommerce_export_from_the_wild",),
        "a product that shoppers pay 10 for is shown for 12",
    ),
    Mutant(
        "catalog/importers/magento.py",
        "        quoted = QUOTED.match(text, place)",
        "        quoted = None",
        ("tests/field/test_magento.py::test_a_magento_export_from_the_wild",),
        "half of an attribute is an attribute of its own",
    ),
    Mutant(
        "catalog/importers/exports.py",
        "if signed and format not in signed:",
        "if False:",
        ("tests/field/test_woocommerce.py::test_a_woocommerce_export_from_the_wild",),
        "an export that is passed as our own CSV is loaded without prices",
    ),
    Mutant(
        "catalog/importers/vanished.py",
        "if len(ids) > MAX_GONE * shown and not allow_many:",
        "if False:",
        ("tests/catalog/test_import_complete.py::test_more_than_a_fifth_gone_is_refused_until_it_is_said_to_be_right",),
        "a file cut short hides most of the shop",
    ),
    Mutant(
        "catalog/importers/load.py",
        "self.lines.keys() | self.report.rejected_skus",
        "self.lines.keys()",
        ("tests/catalog/test_import_complete.py::test_a_product_whose_row_is_rejected_is_still_in_the_file",),
        "a mistake in a row hides its product",
    ),
    Mutant(
        "catalog/importers/load.py",
        "        if self.report.rejected_unnamed:\n",
        "        if False:\n",
        ("tests/catalog/test_import_complete.py::test_nothing_is_hidden_where_a_row_cannot_be_told_whose_it_is",),
        "an unreadable row hides its product",
    ),
    Mutant(
        "catalog/importers/load.py",
        "        if stored.pk is None or stored.left_source_at or (self.options.claim and not stored.source):\n",
        "        if True:\n",
        ("tests/catalog/test_import_complete.py::test_products_of_other_sources_and_of_people_are_never_touched",),
        "a supplier's complete file hides products that staff made",
    ),
    Mutant(
        "catalog/importers/pictures.py",
        "THREADS = 2\n",
        "THREADS = 1\n",
        ("tests/catalog/test_import_products.py::test_pictures_are_checked_several_at_a_time",),
        "one processor decodes a shop's photographs while the others wait",
    ),
    Mutant(
        "catalog/attributes.py",
        "    if type(one) is not type(other):\n",
        "    if False:\n",
        ("tests/unit/catalog/test_plain_values.py",),
        "an attribute that was true and is 1 now stays true, and a filter does not find it",
    ),
    Mutant(
        "catalog/importers/pictures.py",
        "if not path.resolve().is_relative_to(self.root):",
        "if not path.is_relative_to(self.root):",
        ("tests/catalog/test_import_rejections.py::test_a_bad_picture_costs_itself_only",),
        "a supplier's file names pictures outside of the folder, and they are published",
    ),
    Mutant(
        "catalog/importers/google/availability.py",
        '        return {"stock": "0"}',
        '        return {"stock": quantity}',
        ("tests/field/test_google.py::test_what_can_be_bought_now_and_for_how_much",),
        "what a feed calls sold out is recommended as if it could be bought",
    ),
    Mutant(
        "catalog/importers/google/availability.py",
        '    raise RowError(f"availability',
        '    return {} or str(f"availability',
        ("tests/field/test_google.py::test_what_can_be_bought_now_and_for_how_much",),
        "a word that nobody knows means that a product is always in stock",
    ),
    Mutant(
        "catalog/importers/google/feed_handler.py",
        '        rank = 2 if prefix == "g" or GOOGLE in space else',
        '        rank = 1 if prefix == "g" or GOOGLE in space else',
        ("tests/field/test_google.py::test_items_say_what_they_say",),
        "products are called by their addresses, which Atom has as ids",
    ),
    Mutant(
        "catalog/importers/google/prices.py",
        "    return (first is None or first.at <= at) and (last is None or at < last.end())",
        "    return first is None or first.at <= at",
        ("tests/field/test_google.py::test_what_can_be_bought_now_and_for_how_much",),
        "a sale that is over is the price for ever",
    ),
    Mutant(
        "catalog/importers/google/prices.py",
        '"list_price": regular.text if reduced.text else ""',
        '**({"list_price": regular.text} if reduced.text else {})',
        ("tests/field/test_google.py::test_what_can_be_bought_now_and_for_how_much",),
        "a product is shown as reduced long after its sale",
    ),
    Mutant(
        "catalog/importers/picture_names.py",
        "(?<=[\\s,;|])(?=",
        "(?<=[\\s;|])(?=",
        ("tests/field/test_google.py::test_items_say_what_they_say",),
        "links that stand together are taken for one, and all pictures but the first are missing",
    ),
    Mutant(
        "catalog/importers/envelopes.py",
        "        if self.given > self.limit:",
        "        if False:",
        ("tests/field/test_google.py::test_an_archive_that_unpacks_to_too_much_is_refused",),
        "an archive of some kilobytes keeps the import busy for days",
    ),
    Mutant(
        "catalog/importers/google/xml_items.py",
        "        if self.error and tag and not tag[1]:",
        "        if False:",
        ("tests/field/test_google.py::test_feeds_are_read_as_they_come",),
        "one tag that is spelt wrong costs all products after it",
    ),
    Mutant(
        "catalog/importers/google/markup.py",
        "            if is_utf8(chunk, rather_than=self.codec):",
        "            if False:",
        ("tests/field/test_google.py::test_feeds_are_read_as_they_come",),
        "a declaration that nobody changed turns titles into nonsense",
    ),
    Mutant(
        "catalog/importers/google/markup.py",
        "DECLARATION.sub(_keep_lines",
        're.compile("(?!)").sub(_keep_lines',
        ("tests/field/test_google.py::test_feeds_are_read_as_they_come",),
        "a blank line before the declaration costs the whole feed",
    ),
    Mutant(
        "catalog/web_addresses.py",
        'parts.scheme not in ("http", "https")',
        'parts.scheme == ""',
        ("tests/catalog/test_shop_pages.py::test_only_addresses_of_the_web_are_taken_and_others_are_told_why_not",),
        "a page links to what a supplier wants to be run",
    ),
    Mutant(
        "catalog/rest/bodies.py",
        '            attrs["url"] = ""',
        "            pass",
        ("tests/api/test_products_write.py::test_what_was_read_can_be_sent_back",),
        "our own page is kept as the shop's when an answer is sent back",
    ),
    Mutant(
        "catalog/conditions.py",
        "list_price is not None and list_price > price",
        "list_price is not None",
        ("tests/catalog/test_reduced_prices.py::test_a_list_price_is_only_shown_above_the_price",),
        "a product is shown as reduced from less than it costs",
    ),
    Mutant(
        "catalog/pictures/writes.py",
        "same = product.images.filter(sha256",
        "same = ProductImage.objects.filter(sha256",
        ("tests/api/test_images.py::test_two_products_may_have_the_same_picture",),
        "a picture that another product has already is never added",
    ),
    Mutant(
        "catalog/admin.py",
        '@admin.action(description=_("Hide from the shop"), permissions=["change"])',
        '@admin.action(description=_("Hide from the shop"))',
        ("tests/admin/test_permissions.py",),
        "staff who may only look take products off the shop",
    ),
    Mutant(
        "embeddings/admin.py",
        "        if page := ask_first(self, request, queryset=queryset, **ask(space)):\n            return page\n",
        "",
        ("tests/admin/test_permissions.py::test_a_deed_that_cannot_be_undone_is_asked_about_first",),
        "one slip of the mouse drops a space with all its vectors",
    ),
    Mutant(
        "recommendations/services.py",
        "    if request.anchors and not start.anchors:\n",
        "    if find_missing(request, start):\n",
        (
            "tests/recommendations/test_similar_products.py::"
            "test_a_list_is_for_the_anchors_that_are_there_and_names_the_others",
        ),
        "one product that was taken off the shop empties the recommendations of every cart that holds it",
    ),
    Mutant(
        "behaviour/events/checking.py",
        "    if tells_unknown:\n",
        "    if busy is not None:\n",
        ("tests/api/test_events.py::test_whoever_may_not_write_is_not_told_which_products_there_are",),
        "a stranger learns which hidden products there are",
    ),
    Mutant(
        "recommendations/tokens.py",
        "not any(compare_digest(signature, sign(payload, key)) for key in keys) or ",
        "",
        ("tests/unit/recommendations/test_tokens.py::test_a_changed_letter_makes_it_none",),
        "anyone makes up lists that sales are credited to",
    ),
    Mutant(
        "recommendations/rest/visitors.py",
        "    if user_id and not may_name_users(request):\n",
        "    if user_id and not request.auth:\n",
        ("tests/behaviour/test_visitors_api.py::test_a_user_is_named_by_servers_alone",),
        "whoever knows a user's id reads in the list what they bought",
    ),
    Mutant(
        "recommendations/rest/visitors.py",
        '    if request.headers.get("Sec-GPC") == "1":\n        return Visitor(recent=recent, is_private=True)\n',
        "",
        ("tests/behaviour/test_visitors_api.py::test_global_privacy_control_leaves_what_the_request_brings",),
        "who says no to being known is known",
    ),
    Mutant(
        "behaviour/serving/history.py",
        "        AND e.consent = '{Consent.PERSONALISATION}' AND",
        "        AND",
        ("tests/behaviour/test_strategies.py::test_without_consent_no_history_is_read",),
        "what was agreed to be counted alone makes personal lists",
    ),
    Mutant(
        "behaviour/serving/interests.py",
        "            undone.update(emptied if deed.type == Kind.UNCART else [])\n",
        "",
        ("tests/behaviour/test_strategies.py::test_what_was_bought_carted_or_put_away_is_not_shown_again_for_a_while",),
        "what was taken out of the cart is never shown again",
    ),
    Mutant(
        "behaviour/serving/interests.py",
        "        elif deed.type == Kind.UNCART and pieces[deed.product_id] > deed.quantity:\n",
        "        elif False:\n",
        ("tests/behaviour/test_strategy_edges.py::test_what_is_left_of_several_pieces_is_still_in_the_cart",),
        "who takes one of three mugs out of the cart is shown the mug that is still in it",
    ),
    Mutant(
        "behaviour/serving/interests.py",
        "        elif deed.type in (Kind.UNCART, Kind.PURCHASE):\n",
        "        elif deed.type == Kind.UNCART:\n",
        ("tests/behaviour/test_strategy_edges.py::test_what_was_bought_before_is_no_piece_of_the_next_cart",),
        "what was bought once is in the cart for ever",
    ),
    Mutant(
        "behaviour/storefront/cart.py",
        "            if quantity != self.kept.get(product_id):\n",
        "            if True:\n",
        (
            "tests/behaviour/test_storefront_cart.py::test_two_tabs_that_put_something_in_at_once_lose_nothing_of_each_other",
        ),
        "of two tabs the later one undoes what the other changed",
    ),
    Mutant(
        "recommendations/rerank.py",
        " > how.limit or left > len(ranked)\n",
        " > how.limit\n",
        ("tests/behaviour/test_strategy_edges.py::test_a_cap_leaves_the_rest_to_the_next_pages_to_the_last",),
        "what a cap leaves out of the last page is on no page",
    ),
    Mutant(
        "recommendations/choosing.py",
        "        more = True  # what fills up has not been looked for\n",
        "        more = more  # what fills up has not been looked for\n",
        ("tests/behaviour/test_strategy_edges.py::test_pages_go_on_to_what_fills_up_where_behaviour_ends_with_a_page",),
        "a list ends where behaviour happens to fill a page to the brim",
    ),
    Mutant(
        "recommendations/retrieval.py",
        "for one in known if one.in_stock or not is_mixed)",
        "for one in known)",
        (
            "tests/behaviour/test_strategy_edges.py::test_a_variant_that_can_be_had_is_found_behind_one_that_is_sold_out",
        ),
        "a variant that is sold out keeps the one that can be bought out of the list",
    ),
    Mutant(
        "recommendations/requests.py",
        "        if self.filters.min_similarity is not None and not self.is_compared:\n",
        "        if False:\n",
        (
            "tests/behaviour/test_strategy_edges.py"
            "::test_lists_that_compare_nothing_refuse_a_minimum_of_similarity_in_place_of_being_empty",
        ),
        "a bundle with a minimum of similarity is empty, and nobody learns why",
    ),
    Mutant(
        "recommendations/rest/views.py",
        '        response["Cache-Control"] = "private, no-store"\n',
        "",
        ("tests/behaviour/test_visitors_api.py::test_no_cache_keeps_what_is_asked_by_post",),
        "a proxy keeps one visitor's list and shows it to another",
    ),
    Mutant(
        "recommendations/choosing.py",
        '    stock = (True, False) if how.out_of_stock == "last" and not is_brought else (None,)\n',
        "    stock = (None,)\n",
        (
            "tests/recommendations/test_strategies.py::"
            "test_what_is_sold_out_comes_after_everything_else_in_all_pages_together",
        ),
        "page two begins with what can be bought after page one ended with what is sold out",
    ),
    Mutant(
        "recommendations/nearest.py",
        "    if boosted:\n",
        "    if False:\n",
        ("tests/recommendations/test_rules.py::test_a_boost_reaches_what_is_farther_than_all_that_is_fetched",),
        "a campaign does nothing for products that are not near already",
    ),
    Mutant(
        "recommendations/nearest.py",
        "    if buried:\n",
        "    if False:\n",
        ("tests/recommendations/test_rules.py::test_what_takes_the_places_of_buried_products_is_found_however_far",),
        "a brand that staff bury fills the list all the same",
    ),
    Mutant(
        "recommendations/anchors.py",
        "AND (r.strategies @> ARRAY[%(strategy)s]::varchar[] OR",
        "AND (true OR",
        ("tests/recommendations/test_rules.py::test_a_rule_acts_in_the_lists_of_its_scope",),
        "a rule for one page acts in every list of the shop",
    ),
    Mutant(
        "embeddings/spaces/recipe.py",
        "        if value != kept and value != settings.KINDRED_RECIPE_UNSET.get(name):\n",
        "        if value != kept:\n",
        ("tests/embeddings/test_first_recipe.py::test_a_second_terminal_in_which_nothing_is_set_is_told_nothing",),
        "whoever sets nothing is told that a setting has no effect",
    ),
    Mutant(
        "api/translated_names.py",
        "    field.verbose_name = gettext_lazy(str(field.verbose_name))\n",
        "",
        ("tests/unit/catalog/test_wording.py::test_every_name_of_a_model_in_the_admin_is_there_in_chinese",),
        "the admin's forms are in English for staff who read Chinese",
    ),
    Mutant(
        "config/management/commands/up.py",
        "        refuse_second(home)\n",
        "",
        (
            "tests/services/test_messages.py::"
            "test_a_second_up_on_the_same_port_is_told_of_the_first_and_not_to_take_another_port",
        ),
        "a second up is sent to another port, on which it cannot run either",
    ),
    Mutant(
        "catalog/page_parts.py",
        "    except expected as error:\n",
        "    except ZeroDivisionError as error:\n",
        ("tests/recommendations/test_page_parts.py::test_an_unknown_product_leaves_the_page_as_it_is",),
        "a page of the shop is a 500 because its product is not in Kindred yet",
    ),
    Mutant(
        "catalog/importers/formulas.py",
        "    return MARK + text if text.startswith(RISKY) else text\n",
        "    return text\n",
        (
            "tests/catalog/test_import_rejections.py::"
            "test_a_file_of_rejects_holds_no_formula_and_gives_back_the_very_texts",
        ),
        "a stranger's title runs as a formula on the merchandiser's machine",
    ),
    Mutant(
        "catalog/admin_forms.py",
        "        if product.pk != self.instance.product_id:\n",
        "        if self.instance.pk is None:\n",
        (
            "tests/catalog/test_fields.py::"
            "test_a_picture_is_not_moved_to_a_product_that_has_its_number_but_can_be_moved_within_it",
        ),
        "a picture is moved to a product that has a hundred already",
    ),
    Mutant(
        "catalog/importers/woocommerce.py",
        '"2": False, ',
        "",
        ("tests/field/test_woocommerce.py::test_a_woocommerce_export_from_the_wild",),
        "a product that waits for review is rejected",
    ),
    Mutant(
        "catalog/importers/magento.py",
        "if not SYSTEM.fullmatch(name)}",
        "}",
        ("tests/field/test_magento.py::test_a_magento_export_from_the_wild",),
        "a product is encoded again each time it is sold out",
    ),
    Mutant(
        "catalog/importers/magento.py",
        "by_sku[sku].fields.setdefault(name, text)",
        "by_sku[sku].fields[name] = text",
        ("tests/field/test_magento.py::test_a_magento_export_from_the_wild",),
        "the last of several store views in one language counts",
    ),
    Mutant(
        "embeddings/migrations/0003_change_tracking.py",
        "IS DISTINCT FROM (NEW.id, NEW.content_hash, NEW.collection, NEW.category_id, NEW.variant_group))",
        "IS DISTINCT FROM (NEW.id, NEW.content_hash, NEW.collection, NEW.category_id, NEW.variant_group)\n"
        "    OR OLD.price IS DISTINCT FROM NEW.price)",
        ("tests/embeddings/test_price_changes.py",),
        "every change of a price has the product looked at again",
    ),
    Mutant(
        "catalog/web_addresses.py",
        'if "@" in parts.netloc:',
        "if False:",
        ("tests/field/test_doors.py::test_every_door_stores_a_value_alike_or_refuses_it_alike",),
        "every visitor sees the password of the shop's feed",
    ),
    Mutant(
        "catalog/addresses.py",
        "    return url or product_page_address(sku)",
        "    return product_page_address(sku)",
        ("tests/recommendations/test_shops_own_pages.py::test_every_page_links_to_the_shops",),
        "cards lead away from the shop, to Kindred's own pages",
    ),
    Mutant(
        "catalog/addresses.py",
        "settings.KINDRED_PICTURES_FROM == SHOP and is_shown_from(source_url)",
        "settings.KINDRED_PICTURES_FROM == SHOP",
        (
            "tests/recommendations/test_shops_own_pages.py"
            "::test_every_answer_says_the_shops_pages_and_pictures_where_settings_say",
        ),
        "a picture that has no address in the shop has none at all",
    ),
    Mutant(
        "catalog/addresses.py",
        "    return not allowed or any(",
        "    return True or any(",
        (
            "tests/recommendations/test_shops_own_pages.py"
            "::test_a_picture_that_the_policy_of_pages_does_not_let_in_is_served_here",
        ),
        "our pages' own policy blocks pictures that they show from the shop",
    ),
    Mutant(
        "catalog/web_addresses.py",
        'ESCAPED.sub("&", SPACE',
        'ESCAPED.sub(r"\\g<0>", SPACE',
        ("tests/field/test_doors.py::test_every_door_stores_a_value_alike_or_refuses_it_alike",),
        "links of feeds that escape twice lose their parameters",
    ),
    Mutant(
        "catalog/importers/google/items.py",
        "auto_pricing_min_price|maximum",
        "maximum",
        ("tests/field/test_google.py::test_items_say_what_they_say",),
        "a price that changes has its product encoded again",
    ),
    Mutant(
        "catalog/importers/sale_prices.py",
        "quantize(CENT, ROUND_HALF_UP)) if match else",
        "normalize()) if match else",
        ("tests/field/test_woocommerce.py::test_a_woocommerce_export_from_the_wild",),
        "shops that keep prices without tax lose every product whose price is not round",
    ),
    Mutant(
        "catalog/importers/magento.py",
        "if others_read and all(",
        "if False and all(",
        ("tests/field/test_magento.py::test_a_magento_export_from_the_wild",),
        "what is sold out in every size is recommended as if it could be bought",
    ),
    Mutant(
        "catalog/importers/magento.py",
        "in COMPOSED and read_amount(",
        "in COMPOSED and None and read_amount(",
        ("tests/field/test_magento.py::test_a_magento_export_from_the_wild",),
        "bundles are shown at 0.00",
    ),
    Mutant(
        "catalog/importers/json_objects.py",
        "while (rest := text.readline(MAX_RECORD)) and not rest",
        "while False and not rest",
        ("tests/field/test_json.py::test_a_line_that_is_longer_than_any_product_costs_itself",),
        "what is left of a line that is too long is read as a line",
    ),
    Mutant(
        "catalog/importers/shopify_json.py",
        "or number not in seen:",
        "or True:",
        ("tests/field/test_json.py::test_a_shop_is_the_same_by_its_table_and_by_its_json",),
        "a product that slid to the next page while a shop was read is rejected",
    ),
    Mutant(
        "catalog/pictures/downloads.py",
        "            PictureDownload.objects.due(at=now)\n            .filter(pk=self.pk)\n",
        "            PictureDownload.objects.filter(pk=self.pk)\n",
        ("tests/api/test_images.py::test_a_download_is_taken_once_until_its_worker_is_silent",),
        "two workers fetch the same picture, and one that is done is fetched again",
    ),
    Mutant(
        "recommendations/worker.py",
        "        answer = find_answer(key)  # once more",
        "        answer = None  # once more",
        (
            "tests/recommendations/test_worker.py"
            "::test_an_answer_that_is_stored_between_the_first_look_and_listening_is_found",
        ),
        "a visitor waits to the deadline for an answer that was there before he listened",
    ),
    Mutant(
        "recommendations/search/queries.py",
        'answer_key("query", str(space.pk), " ".join',
        'answer_key("query", " ".join',
        ("tests/recommendations/test_search.py::TestHybrid::test_an_answer_of_one_space_is_none_of_another",),
        "for a week after a promotion, searches use vectors of the space before",
    ),
    Mutant(
        "recommendations/rest/parameters.py",
        "ids = sorted({*page.shown_ids, *(item.candidate.product_id for item in shown)})",
        "ids = sorted(item.candidate.product_id for item in shown)",
        ("tests/recommendations/test_recommendations_api.py::test_a_third_page_repeats_nothing_of_the_first",),
        "who scrolls on sees the first page again and again",
    ),
    # catalog/sources
    Mutant(
        "catalog/sources/leasing.py",
        "free = Source.objects.filter(Q(leased_until=None) | Q(leased_until__lt=now), pk=source_id)",
        "free = Source.objects.filter(pk=source_id)",
        ("tests/catalog/sources/test_running.py",),
        "two workers read one feed at once",
    ),
    Mutant(
        "catalog/sources/ending.py",
        ".filter(pk=run.source_id, lease=lease.token).first()",
        ".filter(pk=run.source_id).first()",
        ("tests/catalog/sources/test_running.py",),
        "a worker that was taken over finishes a run that is somebody else's",
    ),
    Mutant(
        "catalog/sources/settling.py",
        "return is_decided or count <= self.source.guard * self.count",
        "return True",
        ("tests/catalog/sources/test_vanished_products.py",),
        "a feed cut short hides most of a shop",
    ),
    Mutant(
        "catalog/sources/settling.py",
        "self.decision == Source.Decision.LET_GO and count <= self.source.decided_count",
        "self.decision == Source.Decision.LET_GO",
        ("tests/catalog/sources/test_vanished_products.py",),
        "who let three products go loses all of them",
    ),
    Mutant(
        "catalog/sources/settling.py",
        '"" if run.is_dry else source.decision',
        "source.decision",
        ("tests/catalog/sources/test_vanished_products.py",),
        "a dry run carries out what a person decided",
    ),
    Mutant(
        "catalog/sources/settling.py",
        "    if loader.report.rejected_unnamed:\n",
        "    if False:\n",
        ("tests/catalog/sources/test_vanished_products.py",),
        "a row that cannot be read takes its product away",
    ),
    Mutant(
        "catalog/sources/source.py",
        '"shop_url", "currency", "language"',
        '"shop_url", "language"',
        ("tests/catalog/sources/test_running.py",),
        "a change of the currency waits for a change of the feed",
    ),
    Mutant(
        "catalog/sources/source.py",
        "return timedelta(0) <= timezone.now() - self.read_at < READ_AGAIN_AFTER",
        "return True",
        ("tests/catalog/sources/test_running.py",),
        "a sale in a feed that does not change never begins",
    ),
    Mutant(
        "catalog/sources/source.py",
        "return self.read_at is not None or self.tried_as == self.reading",
        "return True",
        ("tests/catalog/sources/test_running.py",),
        "a feed is loaded that nobody has seen the outcome of",
    ),
    Mutant(
        "catalog/sources/retries.py",
        "if is_temporary and failures <= RETRIES else",
        "if is_temporary else",
        ("tests/catalog/sources/test_running.py",),
        "a server that is down for days is asked every quarter of an hour",
    ),
    Mutant(
        "catalog/sources/retries.py",
        "return max(tried, at + asked)",
        "return tried",
        ("tests/unit/catalog/test_source_schedules.py",),
        "a server that asked for patience is asked again at once, and shuts us out",
    ),
    Mutant(
        "catalog/sources/sealing.py",
        "(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)",
        "(settings.SECRET_KEY,)",
        ("tests/catalog/sources/test_options.py",),
        "a change of the secret key loses every credential",
    ),
    Mutant(
        "catalog/sources/addresses.py",
        "if leads_out(path) or not (is_operator or _is_in_folder(path)):",
        "if False:",
        ("tests/catalog/sources/test_options.py",),
        "who may edit sources reads any file of the machine",
    ),
    Mutant(
        "catalog/importers/table.py",
        "is_last = len(cells) < len(columns) and lines.break_off",
        "is_last = False",
        ("tests/catalog/sources/test_vanished_products.py",),
        "a table that is cut in the middle of a row hides all products behind the cut",
    ),
    Mutant(
        "catalog/importers/load.py",
        "if stored.pk is None or stored.left_source_at or (self.options.claim and not stored.source):",
        "if stored.pk is None or (self.options.claim and not stored.source):",
        ("tests/catalog/sources/test_vanished_products.py",),
        "what one source hides another one shows, in turn, each time they are read",
    ),
    Mutant(
        "catalog/importers/report.py",
        "if len(product) <= MAX_SKU:",
        "if True:",
        ("tests/unit/catalog/test_rejected_skus.py",),
        "rejected rows with long skus fill the memory of the worker",
    ),
    Mutant(
        "catalog/sources/feed_files.py",
        "if leads_out(path):",
        "if False:",
        ("tests/catalog/sources/test_options.py",),
        "whoever may put feeds into the folder has any file of the machine read by a link",
    ),
    Mutant(
        "catalog/sources/addresses.py",
        "path = Path(os.path.abspath(text if is_operator else folder / text))",
        "path = Path(os.path.abspath(text if is_operator else folder / text)).resolve()",
        ("tests/catalog/sources/test_options.py",),
        "a source whose address is a link reads yesterday's file for ever",
    ),
    Mutant(
        "catalog/sources/sealing.py",
        "if sealed_for != server:",
        "if False:",
        ("tests/catalog/sources/test_options.py",),
        "who may edit sources has a password sent to a server of their own",
    ),
    Mutant(
        "catalog/sources/options.py",
        "problems |= _judge_credentials(source)",
        "pass",
        ("tests/catalog/sources/test_admin.py", "tests/catalog/sources/test_sources_command.py"),
        "a source that was moved to another server fails at its next run, and whoever moved it hears nothing",
    ),
    Mutant(
        "catalog/sources/admin.py",
        '@method_decorator(sensitive_post_parameters("secret"))',
        "@method_decorator(sensitive_post_parameters('name'))",
        ("tests/catalog/sources/test_admin.py",),
        "a report of a fault has the password that was typed",
    ),
    Mutant(
        "catalog/sources/unpacking.py",
        "with open_scratch() as unpacked:",
        "with __import__('tempfile').TemporaryFile() as unpacked:",
        ("tests/catalog/sources/test_fetching.py",),
        "a packed feed fills the memory of a container",
    ),
    Mutant(
        "catalog/sources/ending.py",
        'return text if len(text) <= longest and SENT_BACK.fullmatch(text) else ""',
        "return text[:longest]",
        ("tests/catalog/sources/test_ends_of_runs.py",),
        "a server's odd header leaves the run being read for ever",
    ),
    Mutant(
        "catalog/sources/ending.py",
        "if source.runs.filter(start=run.start, state=SourceRun.State.WAITING).exists():",
        "if False:",
        ("tests/catalog/sources/test_ends_of_runs.py",),
        "a worker that ends while another run waits leaves its own being read for ever",
    ),
    Mutant(
        "catalog/sources/one_run.py",
        "warnings = [as_stored(word_for_sources(said))[:MAX_WARNING]",
        "warnings = [warning",
        ("tests/catalog/sources/test_ends_of_runs.py",),
        "a column with a NUL in its name leaves the run being read for ever",
    ),
    Mutant(
        "catalog/sources/one_run.py",
        "connection.close_if_unusable_or_obsolete()",
        "pass",
        ("tests/catalog/sources/test_ends_of_runs.py",),
        "a restart of the database in the middle of a run costs five minutes, and its ending",
    ),
    Mutant(
        "catalog/sources/running.py",
        "        if not connection.in_atomic_block:",
        "        if False:",
        ("tests/catalog/sources/test_ends_of_runs.py",),
        "Ctrl-C in the middle of a query ends with a fault, and the source is locked for five minutes",
    ),
    Mutant(
        "catalog/sources/running.py",
        "for source_id in sorted({*due, *left_behind, *asked, *orphaned}):",
        "for source_id in sorted({*due, *left_behind, *asked}):",
        ("tests/catalog/sources/test_ends_of_runs.py",),
        "a run whose ending could not be written is shown as being read for ever",
    ),
    Mutant(
        "catalog/management/commands/sources.py",
        "source.save(update_fields=[name for name in names if getattr(source, name) != before[name]])",
        "source.save()",
        ("tests/catalog/sources/test_ends_of_runs.py",),
        "whoever types a secret takes the lease of the worker that began meanwhile",
    ),
    Mutant(
        "catalog/sources/feed.py",
        "secret: str = field(repr=False)",
        "secret: str",
        ("tests/catalog/sources/test_options.py",),
        "a password is in the log",
    ),
    Mutant(
        "catalog/importers/load.py",
        "        if self.options.is_translation:\n            return",
        "        if False:\n            return",
        ("tests/catalog/sources/test_options.py",),
        "a German feed takes over the products of the English one",
    ),
    Mutant(
        "catalog/importers/vanished.py",
        "Product.objects.filter(source=source, left_source_at=None)",
        "Product.objects.filter(source=source)",
        ("tests/catalog/sources/test_vanished_products.py",),
        "products that a person kept are asked about at every run",
    ),
    Mutant(
        "catalog/sources/progress.py",
        "if now - self._written_at >= WRITTEN_EVERY_S:",
        "if True:",
        ("tests/catalog/sources/test_running.py",),
        "a run writes its progress at every row",
    ),
    Mutant(
        "catalog/sources/one_run.py",
        'absence = NO_FILES if is_fetched else ""',
        'absence = ""',
        ("tests/catalog/sources/test_running.py",),
        "whoever reads of a missing picture is sent to a temporary folder",
    ),
    Mutant(
        "catalog/management/commands/sources.py",
        "            if run.is_dry:\n",
        "            if run.rows < 0:\n",
        ("tests/catalog/sources/test_sources_command.py",),
        "a dry run that failed names no way to try again",
    ),
    Mutant(
        "catalog/sources/one_run.py",
        "as_stored(word_for_sources(said))",
        "as_stored(said)",
        ("tests/catalog/sources/test_advice.py",),
        "staff are told to pass an option that a source does not have",
    ),
    Mutant(
        "catalog/sources/one_run.py",
        "word_for_sources(said), bool(run.rows)",
        "word_for_sources(said), False",
        ("tests/catalog/sources/test_running.py",),
        "a feed that broke off waits for hours",
    ),
    Mutant(
        "catalog/sources/progress.py",
        "        if is_ending():\n",
        "        if False:\n",
        ("tests/catalog/sources/test_running.py",),
        "an update of the shop is taken for a crash, and its feed is late",
    ),
    # clients
    Mutant(
        "clients/django/kindred_django/mirror.py",
        "    return (draft.body_hash, draft.sku) != (row.body_hash, row.sku)\n",
        "    return True\n",
        (DJANGO_CLIENT,),
        "everything is sent at every sweep",
    ),
    Mutant(
        "clients/django/kindred_django/mirror.py",
        "            if row.sku not in in_use:\n",
        "            if row.sku:\n",
        (DJANGO_CLIENT,),
        "two products that swap their SKUs lose one of them",
    ),
    Mutant(
        "clients/django/kindred_django/delivery.py",
        "filter(pk__in=[row.pk for row in rows]).delete()  # what was saved meanwhile has rows of its own\n",
        'exclude(source="").delete()\n',
        (DJANGO_CLIENT,),
        "a change made while its product is sent is forgotten",
    ),
    Mutant(
        "clients/django/kindred_django/turns.py",
        "        wait_s = max(wait_s, error.retry_after_s)\n",
        "",
        (DJANGO_CLIENT,),
        "Retry-After is not honoured",
    ),
    Mutant(
        "clients/django/kindred_django/events.py",
        ' or request.headers.get("Sec-GPC") == "1"',
        "",
        (DJANGO_CLIENT,),
        "Global Privacy Control is not honoured",
    ),
    Mutant(
        "clients/django/kindred_django/events.py",
        "ask_shop(request) if ask_shop is not None else NONE",
        "ask_shop(request) if ask_shop is not None else PERSONALISATION",
        (DJANGO_CLIENT,),
        "a shop that has not said how to ask for consent sends events",
    ),
    Mutant(
        "clients/django/kindred_django/similar.py",
        "                if self.breaker.is_open() or",
        "                if",
        (DJANGO_CLIENT,),
        "pages wait for a Kindred that is down",
    ),
    Mutant(
        "clients/django/kindred_django/sweep.py",
        "    if not allow_deletes:\n",
        "    if False:\n",
        (DJANGO_CLIENT,),
        "a queryset that is broken empties Kindred",
    ),
    Mutant(
        "clients/django/kindred_django/sweep.py",
        "        place.save()\n",
        "",
        (DJANGO_CLIENT,),
        "a run that was interrupted begins anew",
    ),
    Mutant(
        "clients/django/kindred_django/configuration.py",
        "    key: str = field(repr=False)",
        "    key: str",
        (DJANGO_CLIENT,),
        "the key is shown in logs",
    ),
    Mutant(
        "clients/django/kindred_django/api.py",
        "    if status == 413 or (is_problem and status < 500 and status != 429):",
        "    if status < 500 and status != 429:",
        (DJANGO_CLIENT,),
        "an address that is not Kindred's drops what is queued",
    ),
    Mutant(
        "clients/django/kindred_django/tracking.py",
        "    transaction.on_commit(wake, using=ours, robust=True)\n",
        "    transaction.on_commit(wake, using=ours)\n",
        (DJANGO_CLIENT,),
        "a save fails because a broker is away",
    ),
    Mutant(
        "clients/django/kindred_django/tracking.py",
        "            _listening.append((pre_delete, note_delete, model))\n",
        "            _listening.append((pre_delete, note_delete, None))\n",
        (DJANGO_CLIENT,),
        "sessions and orders of the shop are read one by one before they are deleted",
    ),
    Mutant(
        "clients/django/kindred_django/tracking.py",
        "[*find_watchers(sender), *find_targets(sender)]",
        "find_watchers(sender)",
        (DJANGO_CLIENT,),
        "a tag that is deleted stays on its products",
    ),
    Mutant(
        "clients/django/kindred_django/tracking.py",
        '    if using not in ("", ours):\n',
        "    if False:\n",
        (DJANGO_CLIENT,),
        "a product of another database is read before it is committed",
    ),
    Mutant(
        "clients/django/kindred_django/courier.py",
        "            return min(max(QUIET_S, error.retry_after_s), LOOK_S)\n",
        "            return 0.0\n",
        (DJANGO_CLIENT,),
        "what was saved while Kindred was away stays where it is until the next save",
    ),
    Mutant(
        "clients/django/kindred_django/configuration.py",
        "    return configuration().enabled or not are_tests_running()\n",
        "    return True\n",
        (DJANGO_CLIENT,),
        "products of the shop's tests overwrite those of its customers",
    ),
    Mutant(
        "clients/django/kindred_django/sweep.py",
        '    was_interrupted = place.cursor != ""',
        "    was_interrupted = False",
        (DJANGO_CLIENT,),
        "a run that goes on where one of yesterday stopped says that all is there",
    ),
    Mutant(
        "clients/django/kindred_django/mirror.py",
        "        if other != draft.key:\n",
        "        if False:\n",
        (DJANGO_CLIENT,),
        "two products that are called alike are both lost",
    ),
    Mutant(
        "clients/django/kindred_django/management/commands/kindred_sync.py",
        "max(BUSY_FOR_S, lease_left_s() + BUSY_LOOK_S)",
        "BUSY_FOR_S",
        (DJANGO_CLIENT,),
        "a sync after one that was killed gives up, since the dead one has the turn",
    ),
    Mutant(
        "clients/django/kindred_django/turns.py",
        "    free = Turn.objects.filter(pk=1, leased_until__lte=moment)\n",
        "    free = Turn.objects.filter(pk=1)\n",
        (DJANGO_CLIENT,),
        "two processes send at once, and the older state of a product may come last",
    ),
    Mutant(
        "recommendations/widget_examples.py",
        "Product.objects.shown().order_by",
        "Product.objects.order_by",
        ("tests/recommendations/test_widget_examples.py",),
        "the page of examples is about a product that nobody may see",
    ),
    Mutant(
        "recommendations/widget_examples.py",
        'read_styles().get(example.name, "")',
        '""',
        ("tests/recommendations/test_widget_examples.py",),
        "who copies an example's code gets another look than the one beside it",
    ),
    Mutant(
        "clients/widget/react/index.js",
        'return "KEY";',
        'return "api-key";',
        ("tests/clients/widget/test_react.py",),
        "a React page asks without its key",
    ),
    Mutant(
        "clients/widget/react/index.js",
        "    latest.current = props; //",
        "    latest.current ??= props; //",
        ("tests/clients/widget/test_react.py",),
        "a React page's first handlers are called for ever",
    ),
    Mutant(
        "recommendations/static/recommendations/kindred.js",
        "checkVisibilityCSS:!0",
        "contentVisibilityAuto:!1",
        ("tests/browser/test_widget_counting.py::test_what_nobody_can_see_is_no_impression_until_it_is_shown",),
        "what is in a closed drawer is reported as seen",
    ),
    Mutant(
        "recommendations/static/recommendations/kindred.js",
        'Object.hasOwn(window,"kindred")',
        '("kindred"in window)',
        ("tests/browser/test_widget_counting.py::test_an_element_of_the_name_is_not_taken_for_what_the_page_has_set",),
        "a form called kindred keeps every list away",
    ),
    Mutant(
        "recommendations/static/recommendations/kindred.js",
        '"kindred_sk_"',
        '"secret"',
        ("tests/browser/test_widget_counting.py::test_a_secret_key_is_sent_nowhere_and_the_console_says_what_to_do",),
        "a key that may write stands in every page, and nothing says so",
    ),
    Mutant(
        "recommendations/static/recommendations/kindred.js",
        '"input, select, textarea, [contenteditable]"',
        '"nothing"',
        ("tests/browser/test_widget_counting.py::test_the_fields_of_a_card_keep_their_keys_in_a_carousel",),
        "whoever edits a quantity in a carousel is taken to the next product",
    ),
    Mutant(
        "clients/widget/kindred.d.ts",
        '  "kindred-cart": CustomEvent<KindredChoice>;\n',
        "",
        ("tests/docs/test_widget_page.py",),
        "an event of the widget has no type",
    ),
    Mutant(
        "behaviour/versions/progress.py",
        "            self.written[part] = place\n",
        "            pass\n",
        ("tests/behaviour/test_version_builds.py",),
        "a build that was killed writes its rows a second time, and fails at the first",
    ),
    Mutant(
        "behaviour/versions/lifecycle.py",
        "        if instead_of is not None and live != instead_of:\n",
        "        if False and instead_of is not None:\n",
        ("tests/behaviour/test_versions.py", "tests/behaviour/test_version_nights.py"),
        "a nightly version takes the place of what a person promoted meanwhile, with which it was never compared",
    ),
    Mutant(
        "behaviour/versions/writing.py",
        " AND consent = 'personalisation')",
        ")",
        ("tests/behaviour/test_version_builds.py",),
        "lists are made ahead for people who agreed to be counted, and to no more",
    ),
    Mutant(
        "behaviour/versions/steps/rankings.py",
        "max(float(now.sum()), count_orders(days=days, until=today))",
        "float(now.sum())",
        ("tests/behaviour/test_version_steps.py",),
        "what trends is measured against the few products that a step looked at, and all of them trend",
    ),
    Mutant(
        "behaviour/versions/lifecycle.py",
        "borrowed_to=find_last_vector(live.pk) if live else 0",
        "borrowed_to=0",
        ("tests/behaviour/test_version_steps.py",),
        "after each build, steps search for the neighbours of the whole catalogue once more",
    ),
    Mutant(
        "behaviour/learners/content.py",
        "            values[own, places[block][own]] = -np.inf\n",
        "",
        ("tests/unit/behaviour/test_nearest.py",),
        "a product is its own nearest neighbour",
    ),
    Mutant(
        "behaviour/versions/steps/newcomers.py",
        "score * settings.prior.lent_weight for",
        "score for",
        ("tests/behaviour/test_version_steps.py",),
        "what is new outvotes in a cart what was bought with the others",
    ),
    Mutant(
        "behaviour/versions/steps/baskets.py",
        "            if one_is_new or other_is_new:\n",
        "            if True:\n",
        ("tests/behaviour/test_version_steps.py",),
        "a session that goes on counts its first pairs again at each step",
    ),
    Mutant(
        "behaviour/versions/promotion.py",
        "    if live.retired_at is not None:\n",
        "    if False:\n",
        ("tests/behaviour/test_version_nights.py",),
        "the night undoes a roll back",
    ),
    Mutant(
        "behaviour/versions/steps/baskets.py",
        "if item[1][0] > 0]",
        "]",
        (
            "tests/behaviour/test_version_steps.py"
            "::test_the_first_order_of_a_product_takes_the_place_of_all_that_its_cart_borrowed",
        ),
        "a step divides by zero at the first order of a product whose cart was borrowed",
    ),
    # behaviour: what is learned
    Mutant(
        "behaviour/learners/content_prior.py",
        "        if self.settings.facts_first:\n",
        "        if False:\n",
        (
            "tests/unit/behaviour/test_learners.py"
            "::test_what_content_alone_brings_stands_below_what_was_bought_with_a_product",
        ),
        "a bundle begins with what nobody bought with the product",
    ),
    Mutant(
        "behaviour/learners/content_prior.py",
        "(~has_facts & known, least), (~has_facts & ~known, most)",
        "(~has_facts, least),",
        (
            "tests/unit/behaviour/test_learners.py"
            "::test_a_product_without_orders_may_stand_among_what_was_bought_but_not_first",
        ),
        "new products stand behind everything that was ever bought with a product, where nobody sees them",
    ),
    Mutant(
        "behaviour/learners/content_prior.py",
        "ratio=stretch * settings.lent_weight)",
        "ratio=stretch)",
        (
            "tests/unit/behaviour/test_learners.py"
            "::test_what_a_cart_borrows_weighs_less_than_what_was_bought_with_its_products",
        ),
        "one new product in a cart outvotes what was bought with the others",
    ),
    Mutant(
        "behaviour/evaluation/item_item.py",
        "        for start in range(0, item_count, BLOCK_ROWS)\n",
        "        for start in range(0, item_count, item_count)\n",
        ("tests/unit/behaviour/test_learners.py::test_baselines_are_the_same_counted_block_by_block",),
        "baselines know the first products of a shop alone",
    ),
    Mutant(
        "behaviour/learners/item_rows.py",
        "    alike |= (groups[anchors] >= 0) & (groups[anchors] == groups[rows.indices])\n    kept",
        "    kept",
        ("tests/unit/behaviour/test_learners.py::test_a_borrowed_bundle_holds_no_variant_of_the_anchor",),
        "a new mug is bundled with itself in blue",
    ),
    Mutant(
        "behaviour/learners/ease.py",
        "    weights /= -np.diag(weights).copy()[None, :]\n",
        "    weights /= -np.diag(weights).copy()[:, None]\n",
        ("tests/unit/behaviour/test_learners.py::test_ease_equals_a_ridge_regression_of_each_item_on_the_others",),
        "EASE says of the anchor what it should say of the recommendation",
    ),
    Mutant(
        "behaviour/learners/rehearsal.py",
        "    earlier, later = facts.keep(facts.days < cut), ",
        "    earlier, later = facts, ",
        ("tests/unit/behaviour/test_learners.py::test_settings_are_judged_on_what_was_not_learned_from",),
        "settings are chosen on what they were learned from",
    ),
    Mutant(
        "behaviour/learners/rehearsal.py",
        "keep_latest(views.keep(views.days < cut))",
        "views.keep(views.days < cut)",
        ("tests/unit/behaviour/test_learners.py::test_a_large_shop_is_rehearsed_on_its_latest_orders_and_views",),
        "settings of a shop with ten million page views are tried on all of them",
    ),
    Mutant(
        "behaviour/learners/asked_rows.py",
        "            counts[items] = np.diff(rows.indptr)\n",
        "            counts[: len(items)] = np.diff(rows.indptr)\n",
        (
            "tests/unit/behaviour/test_learners.py"
            "::test_a_trial_scores_the_rows_it_asks_about_as_the_build_does_and_no_others",
        ),
        "a trial reads the rows of other products than it asked about",
    ),
    Mutant(
        "behaviour/learners/sparse_rows.py",
        "        above[begin:end] &= matrix.data[begin:end] >= least\n",
        "        above[begin:end] &= matrix.data[begin:end] > least\n",
        ("tests/unit/behaviour/test_learners.py::test_of_a_long_row_the_best_are_the_same_as_of_a_sort_of_all_of_it",),
        "of a long row those that tie with the last place are lost",
    ),
    Mutant(
        "behaviour/learners/merging.py",
        "    return SUMMED_ROWS // max(anchors, 1)\n",
        "    return SUMMED_ROWS\n",
        (
            "tests/unit/behaviour/test_learners.py"
            "::test_of_a_large_cart_the_best_of_each_row_are_summed_as_they_are_served",
        ),
        "carts are judged by more rows than they are served from, or a list of a full cart reads all of them",
    ),
    Mutant(
        "behaviour/strategies.py",
        "    is_cart = len(asked.anchors) > 1 and asked.facts.get(CARTS) is not None\n",
        "    is_cart = len(asked.anchors) > 1\n",
        (
            "tests/behaviour/test_strategies.py"
            "::test_several_products_are_a_cart_with_rows_of_its_own_as_soon_as_they_were_learned",
        ),
        "carts have no list until the first night after an upgrade",
    ),
    Mutant(
        "behaviour/learners/questions.py",
        "    known = np.zeros(later.user_count + 1, dtype=bool)",
        "    known = np.zeros(later.user_count, dtype=bool)",
        ("tests/unit/behaviour/test_learners.py::test_every_shop_can_be_learned_from",),
        "a shop of guests alone can learn nothing",
    ),
)


def apply_mutant(mutant: Mutant, *, text: str) -> str:
    """Return the file's text with the fault in it. Raises ValueError where the mutant is stale."""
    if (count := text.count(mutant.old)) != 1:
        raise ValueError(f"stale: {mutant.file} has {mutant.old!r} {count} times. Find what became of it, or drop it.")
    return text.replace(mutant.old, mutant.new)


def copy_project(target: Path) -> None:
    """Copy what git tracks, and what is new and not ignored, as it stands."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=PROJECT, capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if (PROJECT / name).is_file():  # else it is deleted, and not committed yet
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, target / name)


def run_tests(tests: Sequence[str], *, project: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, errors="replace")


def judge_mutant(mutant: Mutant, *, project: Path) -> str | None:
    """Return the test that killed the mutant, None where it survived. Raises ValueError where neither can be said."""
    path = project / mutant.file
    text = path.read_text()
    path.write_text(apply_mutant(mutant, text=text))
    # Two versions of a file may be as long, and written in the same second: no run may read another's bytecode.
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = run_tests(mutant.tests, project=project, environment=environment)
    finally:
        path.write_text(text)
    if done.returncode == pytest.ExitCode.OK:
        return None
    killer = FAILED.search(done.stdout)
    if done.returncode != pytest.ExitCode.TESTS_FAILED or killer is None:
        raise ValueError(f"pytest ended with {done.returncode} and no failed test:\n{done.stdout}{done.stderr}")
    return killer[1]


def report_mutant(mutant: Mutant, *, project: Path) -> bool:
    """Judge one mutant, print its line, and return whether it was killed."""
    started = time.monotonic()
    try:
        killer = judge_mutant(mutant, project=project)
        verdict = f"killed by {killer}" if killer else "SURVIVED"
    except ValueError as error:
        killer, verdict = None, f"NOT JUDGED: {error}"
    say(f"{time.monotonic() - started:5.1f} s  {mutant.file}: {mutant.why}\n         {verdict}")
    return killer is not None


def run_mutants(mutants: Sequence[Mutant], *, project: Path) -> int:
    """Judge the mutants in a copy of the project at `project`; return how many were not killed."""
    copy_project(project)
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    say(f"{len(mutants)} mutants. First, their {len(tests)} tests without any.")
    sound = run_tests(tests, project=project, environment=dict(os.environ))
    if sound.returncode != pytest.ExitCode.OK:
        say(f"{sound.stdout}{sound.stderr}The tests have to pass before they can judge.")
        return len(mutants)
    return sum(not report_mutant(mutant, project=project) for mutant in mutants)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="only print them")
    parser.add_argument("--only", metavar="TEXT", default="", help="those with TEXT in their file, fault, tests or why")
    options = parser.parse_args()
    mutants = [mutant for mutant in MUTANTS if options.only in str(mutant)]
    if not mutants:
        parser.error(f"No mutant has {options.only!r} in it; --list shows them.")
    if options.list:
        for mutant in mutants:
            say(f"{mutant.file}: {mutant.why}\n    - {mutant.old.strip()}\n    + {mutant.new.strip()}")
        return 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kindred-mutants-") as folder:
        left = run_mutants(mutants, project=Path(folder))
    say(f"{len(mutants) - left} of {len(mutants)} killed in {time.monotonic() - started:.0f} s.")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
