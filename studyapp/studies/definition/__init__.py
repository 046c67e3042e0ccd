"""A study file, read and checked: from TOML to one typed definition."""
