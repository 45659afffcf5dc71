"""What a Prometheus reads: counts of all processes of a machine, and how the shop stands.

Each app declares what it counts, and what is read at a scrape, in its `metrics.py` (docs/monitoring.md lists them).
"""
