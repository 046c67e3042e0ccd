"""What a request says that its body is."""


def readable_kind(kind: str) -> str:
    """The content type that is passed on to the site."""
    odd = "charset" in kind.lower() and "utf-8" not in kind.lower()
    return "application/octet-stream" if odd else kind
