"""Where pictures, sounds and the files of imports are kept: on this machine's disk, or in a bucket."""

from __future__ import annotations

from importlib.util import find_spec

from django.core.exceptions import ImproperlyConfigured

from config.environment import Environment

env = Environment()

KINDRED_MEDIA_BUCKET = env.str("KINDRED_MEDIA_BUCKET", default="")  # empty: on the disk, under MEDIA_ROOT
KINDRED_MEDIA_ENDPOINT = env.str("KINDRED_MEDIA_ENDPOINT", default="")  # of a server that speaks S3; empty: Amazon's
KINDRED_MEDIA_REGION = env.str("KINDRED_MEDIA_REGION", default="")
KINDRED_MEDIA_URL = env.str("KINDRED_MEDIA_URL", default="")  # where the world reads it; empty: we serve, and ask who
MEDIA_URL = KINDRED_MEDIA_URL.rstrip("/") + "/" if KINDRED_MEDIA_URL else "media/"

if KINDRED_MEDIA_BUCKET and not find_spec("storages"):
    raise ImproperlyConfigured("KINDRED_MEDIA_BUCKET needs more packages: pip install -r requirements-s3.txt")


def storage_settings(bucket: str) -> dict[str, object]:
    """Return an entry of STORAGES. Keys are for boto3 to find: in AWS_ACCESS_KEY_ID and the like, or from a role."""
    if not bucket:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    options = {"bucket": bucket, "endpoint": KINDRED_MEDIA_ENDPOINT, "region": KINDRED_MEDIA_REGION}
    return {"BACKEND": "catalog.bucket.Bucket", "OPTIONS": options}
