"""Versions of what was learned: built beside each other, compared, promoted, rolled back to, and kept true by day."""
