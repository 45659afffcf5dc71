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
# Files of imports and exports, for web and workers: never where the world may read. Empty: KINDRED_IMPORT_FOLDER.
KINDRED_IMPORT_BUCKET = env.str("KINDRED_IMPORT_BUCKET", default="" if KINDRED_MEDIA_URL else KINDRED_MEDIA_BUCKET)
KEPT_BY_CACHES = "public, max-age=31536000, immutable"  # names are those of contents

if KINDRED_MEDIA_URL and KINDRED_IMPORT_BUCKET and KINDRED_IMPORT_BUCKET == KINDRED_MEDIA_BUCKET:
    raise ImproperlyConfigured("KINDRED_IMPORT_BUCKET has to be another one than that which the world may read.")
if (KINDRED_MEDIA_BUCKET or KINDRED_IMPORT_BUCKET) and not find_spec("storages"):
    raise ImproperlyConfigured("A bucket needs more packages: pip install -r requirements-s3.txt")


def storage_settings(*, media: str, imports: str) -> dict[str, dict[str, object]]:
    """Return entries of STORAGES for the buckets of these names; an empty one is the disk."""
    on_disk: dict[str, object] = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    found = {"default": _bucket(media, cache_control=KEPT_BY_CACHES) if media else on_disk}
    return found | ({"imports": _bucket(imports)} if imports else {})


def _bucket(name: str, **options: str) -> dict[str, object]:
    """Keys are for boto3 to find: in AWS_ACCESS_KEY_ID and the like, or from the machine's role."""
    where = {"bucket": name, "endpoint": KINDRED_MEDIA_ENDPOINT, "region": KINDRED_MEDIA_REGION}
    return {"BACKEND": "catalog.bucket.Bucket", "OPTIONS": where | options}
