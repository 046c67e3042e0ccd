"""Running a network once: on which device, within which memory, from which state, for which score.

What a pass leaves behind is looked into one floor up, in `explainer.graphs`.
"""
