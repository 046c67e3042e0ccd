"""Photos in, overlays and files out: opening, enlarging, colouring, storing. Knows no network."""
