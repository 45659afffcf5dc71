"""Clients generated from the schema, used against a server that listens: Python and TypeScript."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

from api.models import ApiKey
from catalog.models import Product

HERE = Path(__file__).parent
SHOP = {
    "outcomes": ["A/1 created", "B created", "C rejected title", "D created"],
    "blue": ["A/1", "B"],
    "page": {
        "product": "VASE 24.00 EUR",
        "category": ["Decor", "Vases"],
        "pictures": [],
        "changed": "VASE 24.00 EUR (sold out)",
        "missing": "not_found",
    },
    "cart": [
        {"id": "new", "shown": ["1 BOWL Recently added"], "problem": None},
        {"id": "none", "shown": [], "problem": "not_found"},
    ],
    "search": {"mode": "full_text", "found": ["BOWL"]},
}


@pytest.fixture(scope="module")
def schema_file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("schema") / "schema.json"
    call_command("spectacular", "--format", "openapi-json", "--file", str(path))
    return path


@pytest.fixture
def secret(transactional_db) -> str:
    return ApiKey.objects.issue("client", scope="secret")[1]


@pytest.fixture(scope="module")
def python_client(schema_file, tmp_path_factory) -> Iterator[str]:
    """The name of a package that openapi-python-client has made."""
    folder = tmp_path_factory.mktemp("clients")
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none", "--fail-on-warning"]
    command += ["--path", str(schema_file), "--output-path", str(folder / "kindred_client")]
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    yield "kindred_client"
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == "kindred_client"]:
        del sys.modules[name]


def test_the_python_client_writes_reads_filters_and_understands_problems(python_client, secret, live_server):
    client_module = importlib.import_module(python_client)
    models = importlib.import_module(f"{python_client}.models")
    products = f"{python_client}.api.products"

    def operation(name: str):
        return importlib.import_module(f"{products}.{name}")

    with client_module.AuthenticatedClient(base_url=live_server.url, token=secret) as client:
        body = models.ProductWriteRequest.from_dict(
            {"sku": "A/1", "title": "Vase", "price": "24.00", "currency": "EUR", "attributes": {"colour": "blue"}}
        )
        made = operation("put_product").sync_detailed("A/1", client=client, body=body)
        assert made.status_code == 201
        assert (made.parsed.sku, made.parsed.price, made.parsed.in_stock) == ("A/1", "24.00", True)
        assert made.parsed.attributes.additional_properties == {"colour": "blue"}

        patch = models.PatchedProductWriteRequest(stock=0)
        changed = operation("patch_product").sync("A/1", client=client, body=patch)
        assert (changed.stock, changed.title) == (0, "Vase")  # what is not named is not sent, and stays

        items = [{"sku": "B", "title": "Bowl"}, {"sku": "C"}]
        bulk = models.BulkRequest.from_dict({"products": items})
        outcome = operation("bulk_upsert_products").sync(client=client, body=bulk)
        assert [item.outcome.value for item in outcome.results] == ["created", "rejected"]
        assert [error.field for error in outcome.results[1].errors] == ["title"]

        page = operation("list_products").sync(client=client, in_stock=True)
        assert [product.sku for product in page.results] == ["B"]

        missing = operation("get_product").sync_detailed("NONE", client=client)
        assert (missing.status_code, missing.parsed.code) == (404, "not_found")
        assert operation("delete_product").sync_detailed("B", client=client).status_code == 204
    assert list(Product.objects.values_list("sku", flat=True)) == ["A/1"]


def run_in(folder: Path, *command: str, timeout_s: int = 120) -> str:
    environment = os.environ | {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=timeout_s)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_shop_in_python_reads_answers_without_a_cast_and_does_what_it_says(python_client, secret, live_server):
    folder = Path(importlib.import_module(python_client).__file__).parents[1]
    shutil.copytree(HERE / "python", folder, dirs_exist_ok=True)
    run_in(folder, sys.executable, "-m", "mypy", "--config-file", "mypy.ini", "shop.py")
    assert json.loads(run_in(folder, sys.executable, "shop.py", live_server.url, secret)) == SHOP


@pytest.fixture(scope="module")
def node_folder(tmp_path_factory) -> Path:
    """A folder with the programs that package.json names."""
    if not shutil.which("npm") or not shutil.which("node"):
        pytest.skip("node and npm are not installed")
    folder = tmp_path_factory.mktemp("typescript")
    shutil.copytree(HERE / "typescript", folder, dirs_exist_ok=True)
    install = ["npm", "install", "--no-audit", "--no-fund", "--no-save", "--loglevel=error"]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=240)
    if done.returncode != 0:
        pytest.skip(f"npm cannot install the generator and the linter: {done.stderr.strip().splitlines()[-1:]}")
    return folder


def test_an_independent_linter_has_nothing_to_say(schema_file, node_folder):
    shutil.copy(HERE / "redocly.yaml", node_folder)
    run_in(node_folder, "npx", "redocly", "lint", "--config", "redocly.yaml", str(schema_file))


def test_a_shop_in_typescript_reads_answers_without_a_cast_and_does_what_it_says(
    schema_file, node_folder, secret, live_server
):
    run_in(node_folder, "npx", "openapi-typescript", str(schema_file), "-o", "schema.ts")
    run_in(node_folder, "npx", "tsc", "--project", ".")
    assert json.loads(run_in(node_folder, "node", "built/shop.js", live_server.url, secret, timeout_s=60)) == SHOP
