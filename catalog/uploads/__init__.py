"""Files that staff load in the browser, and files that they take away: received, checked, loaded by a worker, undone.

`pages.py` is the door for people, `running.py` for the worker. Readers are those of `catalog/importers/`.
"""
