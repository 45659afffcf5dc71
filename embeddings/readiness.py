"""What /readyz asks of this app: products can only be recommended in a live space."""

from __future__ import annotations

from api.health import NotReady, readiness_check
from embeddings.models import EmbeddingSpace


@readiness_check("live space")
def check_live_space() -> None:
    """Raises NotReady before the first space is live."""
    if not EmbeddingSpace.objects.filter(status=EmbeddingSpace.Status.LIVE).exists():
        raise NotReady("no space is live yet: start a worker, or run `manage.py embed_products`")
