"""A kind of question of somebody else: one folder, and one line in a setting."""
