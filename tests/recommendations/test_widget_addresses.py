"""Where the widget's scripts are served: an address that follows, and one of each version that is kept."""

from __future__ import annotations

import base64
import hashlib
import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from recommendations.widget import CLASSIC, MODULE, read_script, version_address

SCRIPTS = [MODULE, CLASSIC]
FILES = [*SCRIPTS, f"{MODULE}.map", f"{CLASSIC}.map"]


@pytest.mark.parametrize("name", FILES)
def test_the_following_address_is_asked_again_after_minutes(client, name):
    answer = client.get(f"/widgets/{name}")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "public, max-age=300, stale-while-revalidate=86400"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert client.get(f"/widgets/{name}", headers={"If-None-Match": answer["ETag"]}).status_code == 304


@pytest.mark.parametrize("name", FILES)
def test_the_address_of_a_version_is_kept_for_good(client, name):
    answer = client.get(version_address(name))
    assert answer.content == client.get(f"/widgets/{name}").content
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_source_map_is_beside_its_script(client, name):
    address = version_address(name)
    [beside] = re.findall(rb"//# sourceMappingURL=(\S+)", client.get(address).content)
    assert client.get(f"{address.rpartition('/')[0]}/{beside.decode()}").json()["version"] == 3


def test_what_was_another_version_leads_to_what_there_is_now(client):
    answer = client.get(f"/widgets/v1/{'0' * 16}/{MODULE}", headers={"Origin": "https://blog.example"})
    assert (answer.status_code, answer["Location"]) == (302, f"/widgets/{MODULE}")
    assert (answer["Cache-Control"], answer["Access-Control-Allow-Origin"]) == ("no-store", "*")


def test_no_other_file_is_served(client):
    for path in ("/widgets/search.js", "/widgets/../kindred.js", "/widgets/v1/x/kindred.js"):
        assert client.get(path).status_code == 404


def test_the_command_prints_lines_that_browsers_accept(client):
    said = StringIO()
    call_command("widget", "--origin", "https://kindred.shop.example/", "--key", "kindred_pk_1", stdout=said)
    found = re.findall(
        r'src="https://kindred.shop.example(\S+?)"(?: integrity="sha384-(\S+)" crossorigin="anonymous")?',
        said.getvalue(),
    )
    assert [path for path, _ in found] == ["/widgets/kindred.js", version_address(MODULE), version_address(CLASSIC)]
    for path, integrity in found[1:]:
        assert base64.b64decode(integrity) == hashlib.sha384(client.get(path).content).digest()
    assert '<kindred-similar key="kindred_pk_1"></kindred-similar>' in said.getvalue()
    assert read_script(MODULE).version != read_script(CLASSIC).version


def test_the_command_prints_no_secret_key():
    said = StringIO()
    with pytest.raises(CommandError, match="--scope publishable"):
        call_command("widget", "--key", "kindred_sk_1", stdout=said)
    assert said.getvalue() == ""
