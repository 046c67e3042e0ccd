"""The one exception for a photo that can't be used."""


class PhotoError(ValueError):
    """`str(error)` is one sentence: the photo's name, what is wrong with it, how to fix it."""

    def __init__(self, name: str, reason: str, fix: str) -> None:
        super().__init__(f"{name}: {reason}; {fix}")
        self.name = name
        self.reason = reason
        self.fix = fix
