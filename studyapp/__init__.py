"""Everything about studies, participants, judgments and results: the Django project and its app."""

# As in pyproject.toml, which is in no container; a test compares the two.
__version__ = "0.1.0"
