"""Who saw which case: one row for each answer that showed any, kept where a field asks for it (docs/radiology.md)."""
