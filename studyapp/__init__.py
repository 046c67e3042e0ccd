"""Everything about studies, participants, judgments and results: the Django project and its app."""
