"""Settings and wiring. Nothing imports this package but the entry points."""
