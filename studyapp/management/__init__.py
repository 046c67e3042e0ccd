"""Command lines for those who run a study."""
