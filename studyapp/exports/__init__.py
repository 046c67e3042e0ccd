"""A study's rows as files that a stranger can read, check and analyse."""
