"""Feeds that keep themselves true: fetched, read by the importers' readers, written by `catalog/writing.py`, reported.

`source.py` says what a source is and `source_run.py` what one run of it did; `running.py` is the door.
"""
