"""Recommendations, search, explanations and events over REST."""
