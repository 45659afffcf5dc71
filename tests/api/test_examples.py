"""The examples of docs/api.md do what they say, copied as they are."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from api.models import ApiKey
from catalog.models import Category, Product
from tests.behaviour.forecast_rows import make_forecast

PROJECT = Path(__file__).resolve().parents[2]
PAGE = (PROJECT / "docs" / "api.md").read_text()
HERE = "http://127.0.0.1:8000"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def shop_environment(transactional_db, live_server) -> dict[str, str]:
    """A shop with the products that the examples name, and a key to write with."""
    category = Category.objects.get_or_create_path("Decor/Vases")
    for sku in ("VAS-101", "MUG-101", "NEW-1"):
        Product.objects.create(sku=sku, title=sku, category=category, price="20.00")
    make_forecast(Product.objects.get(sku="MUG-101"))
    token = ApiKey.objects.issue("examples", scope="secret")[1]
    return os.environ | {"KEY": token, "SHOP": live_server.url}


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
@pytest.mark.parametrize("command", blocks("bash"), ids=lambda command: re.search(r"/api/v1/([\w/-]+)", command)[1])
def test_the_curl_examples_succeed(command, shop_environment):
    command = command.replace(HERE, shop_environment["SHOP"])
    done = subprocess.run(["bash", "-c", command], cwd=PROJECT, env=shop_environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert "status" not in answer or answer["status"] in ("ok", "embedding_pending")


def test_the_python_example_succeeds(shop_environment):
    [program] = blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", program.replace(HERE, shop_environment["SHOP"])],
        cwd=PROJECT,
        env=shop_environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:3] == ["MUG-101 MUG-101 20.00", "NEW-1 NEW-1 20.00", "VAS-101 VAS-101 20.00"]
    assert done.stdout.splitlines()[-2:] == ["VAS-101 updated []", "NEW-3 created []"]
    assert Product.objects.get(sku="NEW-3").images.count() == 1


def test_there_are_examples_for_mobile_apps():
    assert (len(blocks("swift")), len(blocks("kotlin"))) == (1, 1)


def test_the_problem_document_of_the_page_is_the_one_that_is_answered(client, db):
    [shown] = [found for block in blocks("json") if str((found := json.loads(block)).get("type")).startswith("urn:")]
    assert client.get("/api/v1/products/?price_min=cheap").json() == shown
