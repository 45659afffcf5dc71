"""The server block that ops/nginx has: nginx takes it, and it lets through what the shop takes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from config.services.paths import BASE_DIR
from config.web_worker import FORM_BYTES

CONF = (Path(BASE_DIR) / "ops" / "nginx" / "kindred.conf").read_text()
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


@pytest.mark.skipif(not NGINX or not shutil.which("openssl"), reason="nginx or openssl is not installed")
def test_nginx_takes_the_server_block(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = [*CERTIFICATE, "-subj", "/CN=shop.example", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True)
    block = CONF.replace("/var/cache/kindred-nginx", str(tmp_path / "cache"))
    block = re.sub(r"/etc/letsencrypt/live/shop.example/fullchain.pem", str(certificate), block)
    block = re.sub(r"/etc/letsencrypt/live/shop.example/privkey.pem", str(key), block)
    (tmp_path / "kindred.conf").write_text(block)
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\ninclude {tmp_path}/kindred.conf;\n}}\n"
    )
    done = subprocess.run(
        [NGINX, "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")], capture_output=True, text=True
    )
    assert (done.returncode, re.findall(r"\[(?:emerg|error)\].*", done.stderr)) == (0, []), done.stderr
