"""Turning the dial between text and picture: what lists would be, before anything is kept."""
