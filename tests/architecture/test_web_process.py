"""The web process never imports torch, whatever is asked of it: encoders live in the worker."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from django.contrib.auth.models import User

from api.models import ApiKey
from catalog.models import Category, Product

HEAVY = ("torch", "torchvision", "transformers", "onnxruntime", "pyspark")


def test_no_url_brings_an_encoder_into_the_web_process(transactional_db, child_environment):
    User.objects.create_superuser("root", password="x")
    category = Category.objects.get_or_create_path("Decor/Vases")
    Product.objects.create(sku="A", title="Vase", category=category)
    token = ApiKey.objects.issue("walker", scope="secret")[1]
    walker = Path(__file__).with_name("walk_urls.py")
    done = subprocess.run(
        [sys.executable, str(walker), token, *HEAVY],
        env=child_environment | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    walk = json.loads(done.stdout)
    assert walk["imported"] == []
    assert walk["failed"] == []
    assert {
        "/",
        "/products/A/",
        "/healthz",
        "/api/v1/products/",
        "/api/v1/products/A/",
        "/api/v1/products/A/similar/",
        "/api/v1/schema/",
        "/admin/catalog/product/",
    } <= set(walk["answered"])
