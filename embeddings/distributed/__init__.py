"""Encoding a catalogue on many machines. `services.py` is the door; engines such as Spark are adapters behind it."""
