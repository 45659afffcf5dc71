"""What came of lists: who is given the credit, counts by day, and reports that read nothing else."""
