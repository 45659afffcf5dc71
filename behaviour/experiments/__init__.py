"""Experiments: which of several lists serves shoppers better, counted so that looking early does no harm."""
