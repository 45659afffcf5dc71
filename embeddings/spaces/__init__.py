"""A space from its making to its retirement: fitted, built, compared, promoted, rolled back, dropped."""
