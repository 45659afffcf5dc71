"""How the shop stands, measured every few minutes by a worker and kept for a month: the front of the admin draws it."""
