"""Every block of code on the pages is run as it stands, or is in a short list that says why not and what is checked.

The blocks of a page are one script in one shell, in a folder that has the project's files. A new block needs nothing
here as long as it runs.
"""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml
from django.conf import settings
from django.template import Context, Template
from drf_spectacular.generators import SchemaGenerator

from api.models import ApiKey
from catalog.models import Product
from config.services import postgres
from tests.behaviour.event_rows import add_events
from tests.docs import commands
from tests.docs.blocks import PAGES, PROJECT, TRANSLATED, Block, read_blocks

HERE = "http://127.0.0.1:8000"  # on the pages; in the tests the live server
BEGINNING = "::beginning "
CSV_LIMIT = 2  # lines of the example that README.md shows


def check_nothing(block: Block) -> None:
    """It is tried elsewhere, or by nobody here: see the reason beside it."""


def check_scrapes(block: Block) -> None:
    """It is YAML, and its rule file is the one that there is."""
    said = yaml.safe_load(block.text)
    assert {"scrape_configs", "rule_files"} == said.keys()
    assert "# ops/alerts.yml" in block.text
    assert (PROJECT / "ops" / "alerts.yml").exists()


SHOPS = "needs a shop; tests/clients/django/test_package.py compares it with what the tests run there"

# (page, first line) -> why it is not run, and what is checked instead.
NOT_RUN: dict[tuple[str, str], tuple[str, Callable[[Block], None]]] = {
    ("README.md", "git clone <this repository> kindred && cd kindred"): (
        "needs a network; tests/acceptance/test_up.py runs `up`", commands.check_set_up),
    ("README.md", "python manage.py createsuperuser"): ("asks at a terminal", commands.check_commands),
    ("README.md", "CORS_ALLOWED_ORIGINS=https://www.shop.example python manage.py up"): (
        "does not end; tests/browser/test_shop.py tries the setting", commands.check_commands),
    ("README.md", "pip install -r requirements-dev.txt"): ("is this run", commands.check_commands),
    ("README.md", "python manage.py import_events orders.csv --currency EUR"): (
        "needs the file; tests/behaviour/test_import_events.py imports such ones", commands.check_commands),
    ("CONTRIBUTING.md", "python3 -m venv .venv && . .venv/bin/activate"): ("needs a network", commands.check_set_up),
    ("CONTRIBUTING.md", "python -m pytest tests/unit        # hundreds of tests in seconds, no server"): (
        "is this run", commands.check_commands),
    ("docs/api.md", "npx openapi-typescript https://shop.example/api/v1/schema/ -o kindred.ts"): (
        "needs a network; tests/api/test_clients.py makes and uses both clients", check_nothing),
    ("docs/evaluation.md", "python benchmarks/quality.py --only homeware --no-doc --reports reports"): (
        "takes minutes, and a browser", commands.check_commands),
    ("docs/evaluation.md", "python benchmarks/quality.py --families --vectors var/families"): (
        "takes minutes; tests/unit/recommendations/test_families.py has some", commands.check_commands),
    ("docs/evaluation.md", "python benchmarks/ablation.py --vectors var/families"): (
        "takes most of an hour", commands.check_commands),
    ("docs/evaluation.md", "python benchmarks/sounds.py --seeds 5"): (
        "takes minutes, and what is asked for; tests/embeddings/test_encoders_audio.py", commands.check_commands),
    ("docs/spaces.md", "python manage.py spaces create english --text-encoder packaged:bge-small-en --build"): (
        "needs what has to be asked for; tests/embeddings/test_encoders_packaged.py", commands.check_commands),
    ("docs/evaluation.md", "python manage.py evaluate_behaviour --cut 2011-09-25 --out report"): (
        "needs orders; tests/behaviour/test_evaluate_behaviour.py has some", commands.check_commands),
    ("docs/evaluation.md", "python manage.py evaluate_behaviour --cut 2011-09-25 --out report --ids orders.csv.gz"): (
        "needs orders; tests/behaviour/test_evaluate_behaviour.py has some", commands.check_commands),
    ("docs/privacy.md", "python manage.py export_user u-4711"): (
        "needs a user; tests/behaviour/test_privacy.py has some", commands.check_commands),
    ("docs/privacy.md", "python manage.py forget_user u-4711"): (
        "needs a user; tests/behaviour/test_privacy.py has some", commands.check_commands),
    ("docs/forecast.md", "python manage.py forecast_demand                            # the 40 that will sell most, "
     "in pieces, for 8 weeks"): (
        "need sales; tests/behaviour/test_forecast_demand.py has some", commands.check_commands),
    ("docs/importing.md", "python manage.py import_events orders.csv.gz --map user_id=customer_id "
     "occurred_at=created_at --guests 0"): (
        "needs the file; tests/behaviour/test_import_events.py imports such ones", commands.check_commands),
    ("docs/importing.md", "python manage.py import_products registries.json --format homeassistant --complete"): (
        "needs the files; tests/catalog/test_import_homeassistant.py has such ones", commands.check_commands),
    ("docs/fields.md", "python manage.py evaluate --truth demo/sounds/truth.csv --k 5 --modality fused --modality text "
     "--modality image --modality audio"): (
        "needs the field; tests/recommendations/test_evaluation_command.py evaluates", commands.check_commands),
    ("docs/fields.md", "python manage.py evaluate --truth demo/home/truth.csv --k 5 --modality fused --modality words "
     "--modality image --modality text"): (
        "needs the field; tests/recommendations/test_evaluation_command.py evaluates", commands.check_commands),
    ("docs/radiology.md", "python manage.py evaluate --truth demo/radiology/truth.csv --k 5 --modality fused "
     "--modality text --modality image"): (
        "needs the field; tests/recommendations/test_evaluation_command.py evaluates", commands.check_commands),
    ("docs/performance.md", "python benchmarks/million.py                    # all of it that grows, at four sizes"): (
        "takes hours", commands.check_commands),
    ("docs/scale.md", "pip install --no-deps -r requirements-spark.txt"): (
        "needs Spark; tests/embeddings/distributed/test_spark.py runs it", commands.check_commands),
    ("docs/sources.md", "python manage.py sources add shop --kind google --address https://shop.example/feed.xml"): (
        "asks a server; tests/catalog/sources/test_sources_command.py walks this way", commands.check_commands),
    ("docs/operations.md", "export SECRET_KEY=$(openssl rand -hex 32) POSTGRES_PASSWORD=$(openssl rand -hex 24) "
     "VALKEY_PASSWORD=$(openssl rand -hex 24) ALLOWED_HOSTS=shop.example"): ("needs Docker", commands.check_compose),
    ("docs/monitoring.md", "pip install -r requirements-observability.txt"): ("needs a network", commands.check_set_up),
    ("docs/monitoring.md", "scrape_configs:"): ("is for Prometheus", check_scrapes),
    ("docs/django.md", '"""Products of a model of one\'s own: `KINDRED["SOURCES"] = ["shop.kindred.Products"]`."""'): (
        SHOPS, check_nothing),
    ("docs/django.md", '"""Products of django-oscar: `KINDRED["SOURCES"] = ["shop.kindred.OscarProducts"]`."""'): (
        SHOPS, check_nothing),
    ("docs/django.md", '"""Products of a Saleor shop: `KINDRED["SOURCES"] = ["shop.saleor.SaleorProducts"]`.'): (
        SHOPS, check_nothing),
}  # fmt: skip
NOT_RUN |= {
    ("README.md", f"python manage.py sources add {said}"): ("needs the shop that it names", commands.check_commands)
    for said in (
        "shop --kind google --address https://www.shop.example/feed.xml",
        "shopify --kind shopify --address https://www.shop.example",
        "woo --kind woocommerce --address https://www.shop.example/export.csv \\",
        "magento --kind magento --address https://www.shop.example/export.csv \\",
        "own --kind jsonl --address https://www.shop.example/products.jsonl",
    )
}
NOT_RUN |= {  # a fresh server's steps
    ("docs/production.md", block.head): ("are for root, on a server of Debian's", commands.check_server)
    for block in read_blocks("docs/production.md")
}
ELSEWHERE = "tests/api/test_examples.py"  # runs each curl and Python example of docs/api.md
DATA = ("RateLimit-Policy:", '{"products":')  # indented blocks of docs/api.md that are no commands


class Tags(HTMLParser):
    """The start tags of a piece of HTML, with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def check_html(block: Block, client) -> None:
    """Its scripts are served, and its element takes the attributes that it is given."""
    tags = Tags(block.text).seen
    sources = [attributes["src"] for tag, attributes in tags if tag == "script"]
    assert [client.get(source.removeprefix(HERE)).status_code for source in sources] == [200]
    [element] = [attributes for tag, attributes in tags if tag == "kindred-similar"]
    script = (PROJECT / "clients/widget/src/element.js").read_text()
    observed = json.loads(re.search(r"observedAttributes = (\[.*?\])", script)[1])
    assert [name for name in element if name not in observed] == []


def check_template(block: Block) -> None:
    assert "/products/" in Template(block.text).render(Context())


def check_example_csv(block: Block) -> None:
    """It is the beginning of the file that the commands import."""
    shown = list(csv.reader(StringIO(block.text)))
    assert len(shown) == CSV_LIMIT
    with (PROJECT / "demo" / "homeware" / "example.csv").open(encoding="utf-8", newline="") as file:
        assert shown == list(csv.reader(file))[:CSV_LIMIT]


def check_rate_limit(block: Block, client) -> None:
    """The headers of a real answer, but for how much is left."""
    answer = client.get("/api/v1/products/")
    said = "\n".join(f"{name}: {answer[name]}" for name in ("RateLimit-Policy", "RateLimit"))
    assert re.sub(r";r=\d+;t=\d+", "", said) == re.sub(r";r=\d+;t=\d+", "", block.text.strip())


def check_bulk(block: Block, client) -> None:
    """One of the two is new, and the other is there."""
    Product.objects.create(sku="VAS-102", title="Vase", stock=1)
    _, token = ApiKey.objects.issue("bulk", scope="secret")
    headers = {"Authorization": f"Bearer {token}"}
    answer = client.post("/api/v1/products/bulk/", json.loads(block.text), "application/json", headers=headers).json()
    assert [(item["sku"], item["outcome"]) for item in answer["results"]] == [
        ("VAS-101", "created"),
        ("VAS-102", "updated"),
    ]


def is_run(block: Block) -> bool:
    """Does the block go into the script of its page?"""
    if (block.page, block.head) in NOT_RUN or block.head.startswith(DATA) or is_ini(block) or is_synopsis(block):
        return False
    if block.page == "docs/api.md" and block.language in ("bash", "python"):
        return False  # see ELSEWHERE
    return block.is_shell or block.language == "python"


def is_ini(block: Block) -> bool:
    """Is it a piece of a unit or of another program's settings? Such a block begins with its section."""
    return bool(re.fullmatch(r"\[\w+\]", block.head))


def is_synopsis(block: Block) -> bool:
    """Does it show what a command may be given, with brackets?"""
    return block.is_shell and "[--" in block.text


def make_script(blocks: list[Block], *, url: str) -> str:
    """Return one script of all blocks, which says where it is and stops at the first failure."""
    parts = ["set -euo pipefail"]
    for block in blocks:
        parts.append(f"echo '{BEGINNING}{block}'")
        text = block.text.replace(HERE, url)
        parts.append(text if block.is_shell else f"python manage.py shell <<'PYTHON'\n{text}\nPYTHON")
    return "\n".join(parts)


@pytest.fixture
def copy_of_database() -> str:
    """An empty database beside the test's, for a page that restores one."""
    if settings.DATABASE_URL:
        pytest.skip("restoring needs the embedded Postgres, whose superuser is ours")
    tools = ["--host", settings.DATABASES["default"]["HOST"], "--username", "postgres"]
    subprocess.run([postgres.find_binaries() / "createdb", *tools, "--owner", "kindred", "copy_of_pages"], check=True)
    yield "copy_of_pages"
    subprocess.run([postgres.find_binaries() / "dropdb", *tools, "--force", "copy_of_pages"], check=True)


@pytest.fixture
def run_page(transactional_db, live_server, child_environment, tmp_path: Path):
    """Return a function that runs the blocks of a page, with some words replaced. It returns what they say."""
    folder = tmp_path / "kindred"
    folder.mkdir()
    for name in ("manage.py", "demo", "docs", "benchmarks"):
        (folder / name).symlink_to(PROJECT / name)
    (folder / "var").symlink_to(os.environ["KINDRED_HOME"])
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = child_environment | {"PATH": programs, "COLUMNS": "200"}

    def run(page: str, replaced: dict[str, str] | None = None) -> str:
        script = make_script([block for block in read_blocks(page) if is_run(block)], url=live_server.url)
        for word, other in (replaced or {}).items():
            assert word in script
            script = script.replace(word, other)
        done = subprocess.run(["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-5000:]}"
        return done.stdout

    return run


@pytest.mark.timeout(900)
def test_the_commands_of_the_readme_of_spaces_and_of_the_evaluation_do_what_they_say(run_page, client, tmp_path):
    said = run_page("README.md").split(BEGINNING)
    [imported] = [part for part in said if "Created 8" in part]
    assert "rejected 0" in imported
    assert "MUG-107" in imported  # the most similar of another design
    assert Product.objects.get(sku="MUG-107").images.count() == 2
    listed = [re.findall(r"^(\S+) -?0\.\d+$", part, re.MULTILINE) for part in said if "MUG-107 0." in part]
    # By the Python example: the anchor's own variant is not among them.
    assert listed == [["MUG-107", "MUG-111", "CUP-103", "BWL-102", "TEA-109", "VAS-104"]]
    for block in read_blocks("README.md"):
        if block.language == "django":
            check_template(block)
        elif block.language == "html":
            check_html(block, client)
        elif block.language == "csv":
            check_example_csv(block)
    run_page("docs/spaces.md")
    Product.objects.create(sku="BNC-104", title="Bench")  # one of the photos on the evaluation page is of it
    searches = (PROJECT / "demo" / "homeware" / "searches.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    few = [line for line in searches if line.endswith(",judge\n")][::15]  # of eight products hardly one is asked for
    (tmp_path / "searches.csv").write_text(searches[0] + "".join(few), encoding="utf-8")
    replaced = {"demo/homeware/searches.csv": str(tmp_path / "searches.csv")}
    assert "nDCG@10" in run_page("docs/evaluation.md", replaced)


@pytest.mark.timeout(300)
def test_the_commands_of_the_api_do_what_it_says(run_page, client):
    ApiKey.objects.create(name="lost", scope="publishable", prefix="kindred_pk_Zk3v9", token_hash="0" * 64)
    said = run_page("docs/api.md")
    assert "iOS app" in said
    assert ApiKey.objects.get(name="lost").state == "revoked"
    [headers, bulk] = [block for block in read_blocks("docs/api.md") if block.head.startswith(DATA)]
    check_rate_limit(headers, client)
    check_bulk(bulk, client)


def test_the_commands_of_the_page_of_reports_do_what_it_says(run_page):
    add_events([{"type": "impression", "sku": "MUG-101", "placement": "home", "strategy": "popular"}])
    said = run_page("docs/reports.md")
    assert "home" in said
    assert '"name": "popular"' in said


@pytest.mark.timeout(300)
def test_the_backup_of_the_operations_page_is_restored(run_page, copy_of_database, tmp_path):
    Product.objects.create(sku="MUG-101", title="Halla Mug")
    host = quote(settings.DATABASES["default"]["HOST"], safe="")
    other = f"DATABASE_URL=postgres://kindred@{host}/{copy_of_database} python manage.py restore"
    said = run_page(
        "docs/operations.md",
        {"python manage.py restore": other, "kindred-backup": str(tmp_path / "kindred-backup")},
    )
    assert "The backup is whole.\nIt can be restored here.\n" in said
    assert "Restored: " in said
    psql = [postgres.find_binaries() / "psql", "-h", settings.DATABASES["default"]["HOST"], "-U", "kindred", "-At"]
    query = ["-c", "SELECT sku FROM catalog_product", copy_of_database]
    restored = subprocess.run([*psql, *query], capture_output=True, text=True, check=True)
    assert restored.stdout == "MUG-101\n"


@pytest.mark.parametrize(("page", "head"), NOT_RUN, ids=lambda value: value[:60])
def test_what_cannot_be_run_is_checked_and_still_there(page, head):
    [block] = [block for block in read_blocks(page) if block.head == head]
    why, check = NOT_RUN[page, head]
    assert why
    check(block)


RUN_BY_TESTS = {
    "README.md",
    "docs/spaces.md",
    "docs/evaluation.md",
    "docs/api.md",
    "docs/operations.md",
    "docs/reports.md",
}
LOOKED_AT = {  # languages of blocks that are no commands, by page, and where they are checked
    "README.md": {"text", "csv", "django", "html"},
    "docs/api.md": {"json", "swift", "kotlin"},  # ELSEWHERE
    "docs/django.md": {"django"},  # SHOPS
    "docs/fields.md": {"json"},  # tests/behaviour/test_demo.py, tests/unit/api/test_field.py
    "docs/gpu.md": {"yaml"},  # tests/docs/test_gpu_page.py
    "docs/importing.md": {"csv"},  # tests/catalog/wordings
    "docs/upgrading.md": {"nginx"},  # tests/unit/config/test_nginx.py
    "docs/widget.md": {"html", "liquid", "php", "jsx", "vue", "css", "js", "text"},  # tests/docs/test_widget_page.py
}


@pytest.mark.parametrize("page", PAGES)
def test_no_block_of_a_page_is_forgotten(page):
    for block in read_blocks(page):
        if is_run(block):
            assert page in RUN_BY_TESTS, f"{block} is run by no test: add one, or a line to NOT_RUN"
        elif is_synopsis(block):
            commands.check_synopsis(block)
        elif not block.is_shell and block.language != "python":
            assert block.language in LOOKED_AT.get(page, set()), f"{block}: nobody checks {block.language!r}"


# How a field of an answer is declared in the examples for apps; no compiler of theirs is here.
FIELD = {
    "swift": r"^    let (\w+): (?:String|\[|URL|Bool|Double)",
    "kotlin": r"(?:@SerialName\(\"(\w+)\"\) )?val (\w+): (?:String|List|Boolean|Double)",
}
CLIENT = {"base", "key"}  # what the example's own client is made with


@pytest.mark.parametrize("language", FIELD)
def test_the_examples_for_apps_read_fields_that_answers_have(language):
    [block] = [block for block in read_blocks("docs/api.md") if block.language == language]
    found = re.findall(FIELD[language], block.text, re.MULTILINE)
    names = [next(filter(None, one)) if isinstance(one, tuple) else one for one in found]
    read = {re.sub(r"([A-Z])", r"_\1", name).lower() for name in names} - CLIENT
    components = SchemaGenerator().get_schema(request=None, public=True)["components"]["schemas"]
    answered = {
        name
        for schema in ("RecommendationList", "Recommendation", "Problem")
        for name in components[schema]["properties"]
    }
    assert {"recommendation_id", "image_url", "in_stock", "detail"} <= read
    assert read - answered == set()


@pytest.mark.parametrize(("page", "chinese"), TRANSLATED.items())
def test_a_page_in_chinese_has_the_same_blocks_sections_and_rows(page, chinese):
    ours, theirs = read_blocks(page), read_blocks(chinese)
    commands_only = [[block.text for block in blocks if block.language != "text"] for blocks in (ours, theirs)]
    assert commands_only[0] == commands_only[1]
    texts = [(PROJECT / name).read_text(encoding="utf-8") for name in (page, chinese)]
    sections, tables, items = (
        [re.findall(what, text, re.MULTILINE) for text in texts]
        for what in (r"^(##+) ", r"^\| (`?(?:python manage\.py )?[\w-]+`)?", r"^(-|\d+\.) ")
    )
    assert sections[0] == sections[1]
    assert tables[0] == tables[1]
    assert items[0] == items[1]
    if page != "README.md":  # settings, permissions, files and commands that the text names
        named = [sorted(filter(str.isascii, re.findall(r"`([^`\n]+)`", text))) for text in texts]
        assert named[0] == named[1]
