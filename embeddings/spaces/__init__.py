"""A space from its making to its retirement: started, fitted or trained, built, compared, served, kept up, dropped."""
