"""The map: the catalogue in two dimensions, laid out by the worker, looked at by staff. `services.py` is the door."""
