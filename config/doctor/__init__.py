"""How an installation stands, on one screen: `manage.py doctor`.

Whether it is ready is asked of the checks of /readyz, whether its settings and its database will do of Django's; here
is only what neither knows, and the command that mends each.
"""
