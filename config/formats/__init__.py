"""How numbers are written where Django's own way is not how they are read: a folder for each language."""
