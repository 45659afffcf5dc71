"""What categories, attributes and their values are called in other languages than the catalogue's own."""
