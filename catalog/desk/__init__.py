"""The merchandiser's desk: pages of the admin beside Django's lists and forms, and the menu that holds both."""
