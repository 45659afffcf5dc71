"""What is learned from facts: pure NumPy and SciPy, no table and no Django."""
