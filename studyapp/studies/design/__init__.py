"""The balanced design: drawn, counted, stored."""
