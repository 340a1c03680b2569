"""No socket, no new process, no word to another, nothing written: a seccomp filter over system calls (Linux).

It holds where namespaces are refused, in containers too. What it denies answers "not permitted"; it cannot be
taken off again.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from collections.abc import Iterator
from typing import NamedTuple

PR_SET_SECCOMP = 22
FILTER = 2

LOAD_WORD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
"""The five instructions of the filter: classic BPF."""
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16
"""Where the kernel puts what it asks about (``struct seccomp_data``)."""
ALLOW, KILL, DENY = 0x7FFF0000, 0x80000000, 0x00050000 | 1
"""The last one with its errno, EPERM."""
X32 = 0x40000000
"""The second table of calls on x86-64 begins here: the same calls under other numbers."""

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
ANYTHING = 0xFFFFFFFF


class Machine(NamedTuple):
    """What a processor is called in a filter, and in which column its numbers stand."""

    architecture: int
    column: int


MACHINES = {"x86_64": Machine(0xC000003E, 0), "aarch64": Machine(0xC00000B7, 1)}

DENIED: dict[str, tuple[int | None, int | None]] = {
    # ------------------------------------------------ the network
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    # ------------------------------------------------ other processes
    "clone": (56, 220),
    "clone3": (435, 435),
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "kcmp": (312, 272),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    # How much of the machine another one gets. One's own stays as it is, too.
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
    # Memory, counters and queues that processes share by number or name.
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "semget": (64, 190),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "semctl": (66, 191),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    # ------------------------------------------------ other ways into the kernel
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # It does by itself what is denied here.
    "io_uring_setup": (425, 425),
    # ------------------------------------------------ what lies on the disk
    # Its flags lie in memory, where a filter cannot look.
    "openat2": (437, 437),
    "open_by_handle_at": (304, 265),
    "creat": (85, None),
    "truncate": (76, 45),
    "ftruncate": (77, 46),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "link": (86, None),
    "linkat": (265, 37),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "lchown": (94, None),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
    # A lock on a file that may only be read keeps those waiting who write it.
    "flock": (73, 32),
    "utime": (132, None),
    "utimes": (235, None),
    "utimensat": (280, 88),
    "futimesat": (261, None),
}
DENIED_WITH: dict[str, tuple[int | None, int | None, int, int]] = {
    "open": (2, None, 1, WRITING),
    "openat": (257, 56, 2, WRITING),
    # Limits of the process with this number; Python asks for its own by 0.
    "prlimit64": (302, 261, 0, ANYTHING),
}
"""With the place of an argument, and the bits of which it may have none."""
ALLOWED_WITH: dict[str, tuple[int, int, int, tuple[int, ...]]] = {
    # Copies of a descriptor, whether it is handed on, and how it was opened. Without locks, leases, and changes to
    # what the caller shares; without an owner, to whom the kernel would send signals.
    "fcntl": (72, 25, 1, (0, 1, 2, 3, 1030)),
    # Whether it is a terminal, whether it is handed on, how much there is to read. The others change files that are
    # open for reading, name an owner as above, or type into terminals.
    "ioctl": (16, 29, 1, (0x5401, 0x541B, 0x5450, 0x5451)),
}
"""With the place of their command, and the commands that are let through."""


def deny() -> bool:
    """Take the calls above from this process; whether it could be done. Wants ``no_new_privs``."""
    machine = MACHINES.get(platform.machine())
    if machine is None or platform.system() != "Linux":
        return False
    code = b"".join(_program(machine))
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
    return bool(ctypes.CDLL(None).prctl(PR_SET_SECCOMP, FILTER, program, 0, 0) == 0)


def _program(machine: Machine) -> Iterator[bytes]:
    yield _step(LOAD_WORD, ARCHITECTURE)
    yield _step(EQUAL, machine.architecture, then=1)
    yield _step(RETURN, KILL)
    yield _step(LOAD_WORD, NUMBER)
    yield _step(AT_LEAST, X32, otherwise=1)
    yield _step(RETURN, DENY)
    for numbers in DENIED.values():
        if (number := numbers[machine.column]) is not None:
            yield _step(EQUAL, number, otherwise=1)
            yield _step(RETURN, DENY)
    for *columns, place, bits in DENIED_WITH.values():
        if (number := columns[machine.column]) is not None:
            yield from _looked_at(number, place, [(ANY_BIT, bits)], then=DENY, otherwise=ALLOW)
    for first, second, place, commands in ALLOWED_WITH.values():
        number = (first, second)[machine.column]
        yield from _looked_at(number, place, [(EQUAL, each) for each in commands], then=ALLOW, otherwise=DENY)
    yield _step(RETURN, ALLOW)


def _looked_at(number: int, place: int, tests: list[tuple[int, int]], then: int, otherwise: int) -> Iterator[bytes]:
    """What becomes of one call: ``then`` if any of the tests holds for the argument at this place.

    The kernel too reads no more than the lower half of these arguments.
    """
    yield _step(EQUAL, number, otherwise=2 + 2 * len(tests))
    yield _step(LOAD_WORD, ARGUMENTS + 8 * place)
    for code, value in tests:
        yield _step(code, value, otherwise=1)
        yield _step(RETURN, then)
    yield _step(RETURN, otherwise)


def _step(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    """One instruction; ``then`` and ``otherwise`` are how many to leave out."""
    return struct.pack("HBBI", code, then, otherwise, value)
