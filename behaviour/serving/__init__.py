"""What was learned, as lists: a visitor's history, and the SQL of candidates. No model is in the web process."""
