"""How likely a design finds an effect, by simulating its own trials. Needs no database."""
