"""A copy of everything that cannot be made again, and the way back: `manage.py backup DIR`, `manage.py restore DIR`.

A backup is a folder: `database.dump` (of pg_dump), `media.tar`, the keys that are files, and `manifest.json`, which is
written last: where it is missing, the backup was interrupted.
"""
