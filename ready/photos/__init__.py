"""Photos that are composed of cut-outs, with exact masks, or of one's own photos."""
