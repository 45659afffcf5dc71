"""What beat asks for, and how often in seconds. A message that nobody took by the next one is forgotten."""

from __future__ import annotations

CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {
    "embed-pending": {"task": "embeddings.tasks.embed_pending", "schedule": 5.0, "options": {"expires": 5}},
    "refresh-stale": {"task": "embeddings.tasks.refresh_stale", "schedule": 60.0, "options": {"expires": 60}},
    "keep-map": {"task": "embeddings.tasks.keep_map", "schedule": 60.0, "options": {"expires": 60}},
    "send-due-downloads": {"task": "catalog.tasks.send_due_downloads", "schedule": 30.0, "options": {"expires": 30}},
    "send-due-sources": {"task": "catalog.tasks.send_due_sources", "schedule": 60.0, "options": {"expires": 60}},
    "send-due-uploads": {"task": "catalog.tasks.send_due_uploads", "schedule": 30.0, "options": {"expires": 30}},
    "prune": {"task": "catalog.tasks.prune", "schedule": 300.0, "options": {"expires": 300}},
    "prune-title-words": {"task": "catalog.tasks.prune_title_words", "schedule": 60.0, "options": {"expires": 60}},
    "examine-products": {"task": "catalog.tasks.examine_products", "schedule": 60.0, "options": {"expires": 60}},
    "note-scores": {"task": "catalog.tasks.note_scores", "schedule": 3600.0, "options": {"expires": 600}},
    "count-events": {"task": "behaviour.tasks.count_events", "schedule": 60.0, "options": {"expires": 60}},
    "keep-retention": {"task": "behaviour.tasks.keep_retention", "schedule": 3600.0, "options": {"expires": 600}},
    "refresh-retail": {"task": "behaviour.tasks.refresh_retail_slice", "schedule": 60.0, "options": {"expires": 60}},
    "note-searches": {"task": "behaviour.tasks.note_searches", "schedule": 86400.0, "options": {"expires": 3600}},
    "forecast": {"task": "behaviour.tasks.make_due_forecasts", "schedule": 1800.0, "options": {"expires": 600}},
    "keep-experiments": {"task": "behaviour.tasks.keep_experiments", "schedule": 60.0, "options": {"expires": 60}},
    "learn-search": {"task": "recommendations.tasks.learn_search", "schedule": 20.0, "options": {"expires": 20}},
    "take-vitals": {"task": "recommendations.tasks.take_vitals", "schedule": 300.0, "options": {"expires": 300}},
    "build-due-version": {"task": "behaviour.tasks.build_due_version", "schedule": 600.0, "options": {"expires": 600}},
    "take-steps": {"task": "behaviour.tasks.take_steps", "schedule": 300.0, "options": {"expires": 300}},
}
