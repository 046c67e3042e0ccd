"""What one pass leaves behind: its maps, their gradients under a rule, and the way to the score."""
