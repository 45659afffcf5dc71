"""What keeps vectors true: the queue and its bell, what is stale, the refresh, and what staff read of a product."""
