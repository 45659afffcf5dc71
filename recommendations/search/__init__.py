"""Search by words, by photo, or by both."""
