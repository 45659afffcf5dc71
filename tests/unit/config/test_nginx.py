"""The server block that ops/nginx has: nginx takes it, and it lets through what the shop takes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from config.services.paths import BASE_DIR
from config.web_worker import FORM_BYTES

CONF = (Path(BASE_DIR) / "ops" / "nginx" / "kindred.conf").read_text()
UPGRADING = (Path(BASE_DIR) / "docs" / "upgrading.md").read_text()  # which has one for two web servers
UPSTREAM = re.compile(r"^upstream kindred \{.*?^\}$", re.DOTALL | re.MULTILINE)
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
CERTIFICATE = (
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-days",
    "1",
)


def test_a_body_that_the_shop_takes_is_let_through_and_hardly_more():
    (mebibytes,) = re.findall(r"client_max_body_size (\d+)m;", CONF)
    bytes_taken = settings.KINDRED_MAX_UPLOAD_BYTES + FORM_BYTES
    assert bytes_taken <= int(mebibytes) * 1024**2 < bytes_taken + 1024**2


def test_what_may_be_kept_for_ever_is_kept():
    (pattern,) = re.findall(
        r"location ~ (\S+) \{\n        proxy_pass http://kindred;\n        proxy_cache kindred;", CONF
    )
    picture = reverse("sized_picture", args=["0" * 64, 320])
    paths = [picture, *(f"/{url}products/a.webp" for url in ("media/", "static/"))]
    assert (settings.MEDIA_URL, settings.STATIC_URL) == ("/media/", "/static/")
    assert [path for path in paths if not re.match(pattern, path)] == []
    assert not re.match(pattern, reverse("product_page", args=["A"]))


@pytest.mark.skipif(not NGINX or not shutil.which("openssl"), reason="nginx or openssl is not installed")
@pytest.mark.parametrize("upstream", [UPSTREAM.search(CONF)[0], UPSTREAM.search(UPGRADING)[0]])
def test_nginx_takes_the_server_block(upstream, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = [*CERTIFICATE, "-subj", "/CN=shop.example", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True)
    block = UPSTREAM.sub(upstream, CONF).replace("/var/cache/kindred-nginx", str(tmp_path / "cache"))
    block = re.sub(r"/etc/letsencrypt/live/shop.example/fullchain.pem", str(certificate), block)
    block = re.sub(r"/etc/letsencrypt/live/shop.example/privkey.pem", str(key), block)
    (tmp_path / "kindred.conf").write_text(block)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")  # nginx makes a folder for each, or takes it over
    temporary = "".join(f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in kinds)
    http = f"http {{\n{temporary}include {tmp_path}/kindred.conf;\n}}\n"
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\n{http}")
    done = subprocess.run(
        [NGINX, "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")], capture_output=True, text=True
    )
    assert (done.returncode, re.findall(r"\[(?:emerg|error)\].*", done.stderr)) == (0, []), done.stderr


def test_nothing_that_a_client_says_of_its_request_is_passed_on():
    said = dict(re.findall(r"proxy_set_header (\S+) (\S+);", CONF))
    assert said["X-Forwarded-For"] == "$remote_addr"
    assert said["X-Request-ID"] == "$request_id"  # else one could call a request as another's is called
    assert said["Forwarded"] == '""'
