"""Visitors' reads on a copy of the database that follows it (DATABASE_REPLICA_URL).

`routing.py` says which of the two a read goes to, `watching.py` whether the copy is fit for it, and `reading.py` is the
door: a decorator for views that only read. Without the setting none of it does anything.
"""
