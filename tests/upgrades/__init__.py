"""A site that is upgraded while people answer."""
