"""Keys of the REST API."""
