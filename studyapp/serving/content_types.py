"""What a request says its body is."""


def readable_kind(kind: str) -> str:
    """The content type as the site is told of it."""
    odd = "charset" in kind.lower() and "utf-8" not in kind.lower()
    return "application/octet-stream" if odd else kind
