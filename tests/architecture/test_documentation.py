"""What users and clients rely on exists, and is written down."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands, load_command_class
from django.urls import resolve
from drf_spectacular.generators import SchemaGenerator

PROJECT = Path(__file__).resolve().parents[2]
APPS = ("api", "catalog", "embeddings", "recommendations", "behaviour", "config")
CHINESE = PROJECT / "README.zh-CN.md"
PAGES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").glob("*.md"))]
DOCUMENTED = "\n".join(page.read_text() for page in PAGES)
DJANGO_ROOMS = ["management", "migrations", "templatetags"]  # the same in every app
COMMANDS = sorted(name for name, app in get_commands().items() if app in APPS)

# The names that stay fixed. A change to one of them is a breaking change.
OPTIONS = {
    "up": ["--demo", "--host", "--port", "--workers"],
    "import_products": ["--images", "--format", "--complete", "--currency", "--dry-run"],
    "embed_products": ["--stale", "--all", "--space", "--batch-size"],
    "embed_distributed": ["--master"],
    "spaces": [],
    "train_fusion": ["--space", "--pairs"],
    "evaluate": ["--truth", "--space", "--modality", "--out"],
    "export_embeddings": ["--out", "--space"],
    "similar": ["--limit"],
    "api_key": [],
    "doctor": [],
}
VERBS = {
    "spaces": ["list", "create", "build", "compare", "promote", "rollback", "drop"],
    "api_key": ["create", "list", "revoke"],
}
OPERATIONS = {
    "/api/v1/products/": ["get", "post"],
    "/api/v1/products/{sku}/": ["get", "put", "patch", "delete"],
    "/api/v1/products/bulk/": ["post"],
    "/api/v1/products/{sku}/images/": ["get", "post"],
    "/api/v1/products/{sku}/similar/": ["get"],
    "/api/v1/recommendations/": ["post"],
    "/api/v1/search/": ["get"],
    "/api/v1/search/image/": ["post"],
    "/api/v1/events/": ["post"],
    "/api/v1/users/{user_id}/": ["delete"],
}
SIMILAR = (
    "limit category brand price_min price_max in_stock attr.NAME exclude min_similarity metric modality diversity "
    "variants explain fields exact"
)
RESULT = "position sku title url image_url price currency in_stock distance similarity score reasons"
LIST = "recommendation_id strategy anchors space search fallback_used results next status"
SETTINGS = (
    "DATABASE_URL CELERY_BROKER_URL CACHE_URL KINDRED_HOME SECRET_KEY DEBUG ALLOWED_HOSTS CORS_ALLOWED_ORIGINS "
    "KINDRED_TEXT_ENCODER KINDRED_IMAGE_ENCODER KINDRED_FUSION"
)


def environment_variables() -> list[str]:
    """Every variable that the settings read."""
    sources = sorted((PROJECT / "config").rglob("*.py"))
    text = "\n".join(path.read_text() for path in sources)
    names = set(re.findall(r"""env(?:\.\w+)?\(\s*["']([A-Z][A-Z0-9_]+)["']""", text))
    names |= set(re.findall(r"""environ(?:\.get\(|\[)["']([A-Z][A-Z0-9_]+)["']""", text))
    return sorted(names - {"PYTHONPATH", "NOTIFY_SOCKET", "CUDA_VISIBLE_DEVICES"})  # whose names are not ours


@pytest.fixture(scope="module")
def paths() -> dict:
    return SchemaGenerator().get_schema(request=None, public=True)["paths"]


@pytest.fixture(scope="module")
def components() -> dict:
    return SchemaGenerator().get_schema(request=None, public=True)["components"]["schemas"]


@pytest.mark.parametrize("command", sorted({*COMMANDS, *OPTIONS}))
def test_every_command_is_there_and_documented(command):
    assert command in COMMANDS
    assert re.search(rf"manage\.py {command}\b", DOCUMENTED), f"{command} is in no page"


@pytest.mark.parametrize("command", sorted(OPTIONS))
def test_the_options_that_were_promised_are_there(command):
    parser = load_command_class(get_commands()[command], command).create_parser("manage.py", command)
    offered = {option for action in parser._actions for option in action.option_strings}
    assert [option for option in OPTIONS[command] if option not in offered] == []
    verbs = {choice for action in parser._actions if isinstance(action.choices, dict) for choice in action.choices}
    assert [verb for verb in VERBS.get(command, []) if verb not in verbs] == []


@pytest.mark.parametrize("name", sorted({*environment_variables(), *SETTINGS.split()}))
def test_every_setting_is_there_and_documented(name):
    assert name in environment_variables()
    assert re.search(rf"\b{name}\b", DOCUMENTED), f"{name} is in no page"


@pytest.mark.parametrize("path", OPERATIONS)
def test_the_routes_that_were_promised_are_there(path, paths):
    assert [method for method in OPERATIONS[path] if method not in paths.get(path, {})] == []


def test_every_route_of_the_api_is_documented(paths):
    page = (PROJECT / "docs" / "api.md").read_text()
    missing = []
    for path, methods in paths.items():
        short = path.removeprefix("/api/v1/")
        missing += [f"{method.upper()} {short}" for method in methods if f"{method.upper()} {short}" not in page]
    assert missing == []


def test_every_parameter_and_field_of_the_api_is_documented(paths, components):
    page = (PROJECT / "docs" / "api.md").read_text()
    names = {
        parameter["name"]
        for methods in paths.values()
        for operation in methods.values()
        for parameter in operation.get("parameters", [])
    }
    for schema in components.values():
        names |= set(schema.get("properties", {}))
    assert sorted(name for name in names if f"`{name}`" not in page) == []


def test_the_parameters_and_fields_that_were_promised_are_there(paths, components):
    offered = {parameter["name"] for parameter in paths["/api/v1/products/{sku}/similar/"]["get"]["parameters"]}
    from recommendations.rest.parameters import SimilarQuery  # it needs Django to be set up

    by_hand = {"fields"}  # of requests that are written by hand: types that are generated have every field
    assert by_hand - offered == by_hand & set(SimilarQuery().fields) == by_hand
    assert sorted(set(SIMILAR.split()) - offered - by_hand) == []
    assert sorted(set(RESULT.split()) - set(components["Recommendation"]["properties"])) == []
    assert sorted(set(LIST.split()) - set(components["RecommendationList"]["properties"])) == []


@pytest.mark.parametrize(
    "path", ["/", "/products/A/", "/widgets/kindred.js", "/admin/", "/healthz", "/readyz", "/metrics",
             "/api/v1/schema/", "/api/v1/docs/"],
)  # fmt: skip
def test_the_pages_that_were_promised_are_there(path):
    assert resolve(path).func is not None


def test_every_link_between_the_pages_leads_somewhere():
    broken = []
    for page in [*PAGES, CHINESE]:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert broken == []


def test_every_path_that_contributors_are_sent_to_is_there():
    named = set(re.findall(r"`([\w.][\w./-]*(?:/|\.\w+|/\w+))`", (PROJECT / "CONTRIBUTING.md").read_text()))
    assert "recommendations/strategies.py" in named
    elsewhere = {"luma/", "grocery/", "products.csv", "field.json", "field.hides"}
    assert sorted(path for path in named - elsewhere if not (PROJECT / path).exists()) == []


def test_the_house_has_a_word_for_every_room():
    pages = (PROJECT / "docs" / "architecture.md").read_text().splitlines()
    rows = {app: next(line for line in pages if line.startswith(f"| `{app}/` |")) for app in APPS if app != "config"}
    rooms = {
        f"{app}/{file.relative_to(PROJECT / app).parts[0]}/"
        for app in rows
        for file in PROJECT.glob(f"{app}/*/**/*.py")
    }
    assert "behaviour/evaluation/" in rooms
    named = {f"{app}/{room}/" for app, row in rows.items() for room in DJANGO_ROOMS + re.findall(r"`(\w+)/", row)}
    assert sorted(rooms - named) == []


def test_every_option_of_a_benchmark_says_what_it_is():
    silent, said = [], 0
    for path in sorted((PROJECT / "benchmarks").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "add_argument":
                said += 1
                if not any(keyword.arg == "help" for keyword in node.keywords):
                    silent.append(f"{path.name}: {ast.unparse(node.args[0])}")
    assert said
    assert silent == []


def test_hooks_before_a_commit_fetch_nothing():
    hooks = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())
    assert [repository["repo"] for repository in hooks["repos"]] == ["local"]
    assert {hook["language"] for hook in hooks["repos"][0]["hooks"]} == {"system"}


def test_the_version_of_postgres_that_it_takes_is_said_once():
    assert re.findall(r"Postgres (\d+) or newer", DOCUMENTED) == ["14"]
    assert re.findall(r"pgvector ([\d.]+) or newer", DOCUMENTED) == ["0.8"]
    assert "Postgres 14 或更新版本" in CHINESE.read_text(encoding="utf-8")
