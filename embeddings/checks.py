"""System checks: settings and spaces that cannot work together are named before a request finds out."""
