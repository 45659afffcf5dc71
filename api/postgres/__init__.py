"""How Django talks to Postgres: the database backend of the settings."""
