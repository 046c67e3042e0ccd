"""What a socket shows without waiting."""

import select


def has_input(descriptor: int) -> bool:
    """Whether the other side has sent anything that was not read yet, or has ended the connection.

    descriptor: the socket's file descriptor.
    """
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
