"""Names for what a network's units detect, and texts that say which of them counted."""
