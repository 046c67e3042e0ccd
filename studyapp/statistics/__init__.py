"""Pure statistics on arrays: no Django, no database, no files."""
