"""The year of orders and the weeks of visits of the demo shop: simulated, and said so wherever they are described."""
