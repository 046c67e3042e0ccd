"""`explain` and the record that it returns; whether a network can be explained at all."""
