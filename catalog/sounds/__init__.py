"""Sounds of products: checked, stored by content and served. What an encoder makes of them lives in `embeddings`."""
