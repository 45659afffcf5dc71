"""The catalogue doctor: what is amiss with the products of a shop, what it does to the shop, and what to do about it.

`checks.py` is the door for who adds a check of products, `deeds.py` for what mends them, `remarks.py` for what concerns
the shop as a whole. A worker goes round the catalogue slice by slice (`rounds.py`) and writes down what it finds
(`tables.py`); pages and the command read what is written.
"""
