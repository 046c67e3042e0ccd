"""A kind of question whose author forgot that the design tells stimuli apart by their category."""
