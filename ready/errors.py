"""The one error of this room."""


class MakingError(Exception):
    """Why something can't be made and how to fix it, in one sentence for the terminal."""
