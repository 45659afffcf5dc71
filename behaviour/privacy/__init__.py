"""What people may ask of a shop: to see what is known of them, and to be forgotten."""
