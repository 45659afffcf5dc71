"""What shoppers did: one table, only ever added to, and erased by user."""
