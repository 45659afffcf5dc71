"""Products from files: one reader for each format yields rows, `rows` turns text into values, `load` saves them."""
