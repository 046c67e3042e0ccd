"""What any room may take: it knows no study and imports nothing of the site."""
