"""What shoppers did with products and recommendations, as their apps report it."""
