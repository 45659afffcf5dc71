"""Pictures of products: checked, stored by content, shown in sizes, uploaded or fetched from a URL."""
