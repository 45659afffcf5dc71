"""What the schema of the REST API says of itself, and what its types are called."""

from __future__ import annotations

SPECTACULAR_SETTINGS: dict[str, object] = {
    "TITLE": "Kindred",
    "DESCRIPTION": "Similar products for shops. Errors are problem documents (RFC 9457).",
    "VERSION": "1",
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
    "SERVERS": [{"url": "/", "description": "The shop that this schema comes from"}],
    "TAGS": [
        {"name": "products", "description": "The catalogue: read, written one by one or in bulk"},
        {"name": "images", "description": "Pictures of products"},
        {"name": "audio", "description": "Sounds of products"},
        {
            "name": "recommendations",
            "description": "Lists for a product, a cart or a page, and their reasons",
        },
        {"name": "search", "description": "Products by words and by photo"},
        {"name": "events", "description": "What shoppers did, and forgetting a user"},
        {"name": "reports", "description": "What recommendations bring in"},
    ],
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {  # two fields called status, each with its own values; names that say of what they are
        "ListStatusEnum": ["ok", "embedding_pending"],
        "ExplanationStatusEnum": ["ok", "looking", "embedding_pending"],
        "RetrievalSearchEnum": ["exact", "approximate"],
        "SearchModeEnum": ["full_text", "semantic", "hybrid", "photo", "photo_and_text", "sound", "sound_and_text"],
        "BulkOutcomeEnum": ["created", "updated", "unchanged", "rejected"],
        "PictureDownloadStateEnum": "catalog.pictures.downloads.PictureDownload.State",
        "StrategyEnum": "recommendations.strategies.list_strategies",
        "SharedStrategyEnum": "recommendations.strategies.list_shared_strategies",
        "EventTypeEnum": "behaviour.events.event.Event.Kind",
    },
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": True, "validatorUrl": None},
}
