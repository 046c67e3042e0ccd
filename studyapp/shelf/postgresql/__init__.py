"""Django's backend for PostgreSQL, for the setting ENGINE."""
