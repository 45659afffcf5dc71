"""The page and the list of products in the admin: what they offer beside Django's own, and what other apps add."""
