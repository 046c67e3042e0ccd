"""Run one command that ends with the process that started it; called as a script, never imported.

    child.py PARENT SIGNAL IDENTITY COMMAND…

PARENT is the starter's process id, SIGNAL the number the kernel sends when the starter dies.
IDENTITY is `self`, `namespace` (root becomes another user inside a user namespace of its own,
so that a server which refuses root runs while its files stay root's) or the name of a user.
"""

import ctypes
import os
import pwd
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
libc = ctypes.CDLL(None, use_errno=True)


def check(result: int, what: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


def enter_namespace() -> None:
    """Become `nobody` inside a new user namespace; outside, the process stays who it was."""
    inside = pwd.getpwnam("nobody")
    user, group = os.geteuid(), os.getegid()
    check(libc.unshare(CLONE_NEWUSER), "unshare")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{inside.pw_uid} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{inside.pw_gid} {group} 1", encoding="ascii")


def become(name: str) -> None:
    person = pwd.getpwnam(name)
    os.setgroups([])
    os.setgid(person.pw_gid)
    os.setuid(person.pw_uid)


def main(parent: int, signal_number: int, identity: str, command: list[str]) -> None:
    if identity == "namespace":
        enter_namespace()
    elif identity != "self":
        become(identity)
    # After the change of user, which clears it.
    check(libc.prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0), "prctl")
    if os.getppid() != parent:
        sys.exit("The process that started this one is gone.")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
