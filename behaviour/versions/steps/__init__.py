"""Small steps through the day: what is served takes up what happened since it was learned. None grows with the shop."""
