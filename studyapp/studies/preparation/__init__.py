"""What must be made before a study opens: rows for workers, and how far they are."""
