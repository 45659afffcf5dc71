"""Orders and clicks of other systems, from files."""
