"""What is built on explanations: metrics, dissection, evaluation, streams and the command line.

Nothing on the line from a photo to its overlay imports it.
"""
