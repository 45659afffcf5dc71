"""Keeps Kindred in step with the products of a Django shop. README.md is the way in."""

from kindred_django.sources import ProductSource as ProductSource
