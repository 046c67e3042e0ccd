"""A robot that finds its way by a topological map (arXiv 1903.00445), in made buildings."""
