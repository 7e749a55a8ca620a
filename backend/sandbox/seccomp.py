"""The filter of system calls, as a classic BPF program that bubblewrap installs.

Calls are refused unless they are named: a kernel that learns new ones opens nothing. Sockets stay
shut even inside the empty network (AF_VSOCK reaches past a network namespace); `socketpair` between
a program's own parts is left. Memory that no process maps (memfd, System V) is out of reach, so that
the memory bound sees everything. Not for: limits of size (`boot`) or namespaces (`bwrap`).

Source: https://docs.kernel.org/userspace-api/seccomp_filter.html
"""

from __future__ import annotations

import errno
import struct
from dataclasses import dataclass
from typing import Final

from backend.sandbox.syscalls import Machine, allowed, special, unsupported

KILL: Final = 0x8000_0000
ALLOW: Final = 0x7FFF_0000
ERRNO: Final = 0x0005_0000
AUDIT_ARCH: Final[dict[Machine, int]] = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}

_LOAD = 0x20  # a 32-bit word of struct seccomp_data into the accumulator
_JUMP = 0x05
_IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT = 0x15, 0x35, 0x45
_RETURN = 0x06
_NUMBER_AT, _ARCH_AT, _ARGUMENTS_AT = 0, 4, 16
_FAR = 255

_NAMESPACES = 0x7E02_0000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_AF_UNIX = 1
# What reading, writing and asking "is this a terminal" need; TIOCSTI would type into a terminal.
_TERMINAL_QUESTIONS = {
    "TCGETS": 0x5401,
    "TIOCGWINSZ": 0x5413,
    "FIONREAD": 0x541B,
    "FIONBIO": 0x5421,
    "FIONCLEX": 0x5450,
    "FIOCLEX": 0x5451,
}
_NEWEST = 450  # calls above are newer than this table; libraries expect such to be missing


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction of classic BPF."""

    code: int
    value: int = 0
    if_true: int = 0
    if_false: int = 0

    def packed(self) -> bytes:
        """Give it as the kernel reads it (struct sock_filter)."""
        return struct.pack("=HBBI", self.code, self.if_true, self.if_false, self.value)


def program(machine: Machine) -> bytes:
    """Make the filter for a kind of machine."""
    return b"".join(step.packed() for step in steps(machine))


def steps(machine: Machine) -> list[Step]:
    """Make the filter: first which machine, then a binary search over the numbers of calls."""
    return [
        Step(_LOAD, _ARCH_AT),
        Step(_IF_EQUAL, AUDIT_ARCH[machine], if_true=1),
        Step(_RETURN, KILL),
        Step(_LOAD, _NUMBER_AT),
        *_search(_ranges(_answers(machine))),
    ]


def _refusal(number: int) -> list[Step]:
    return [Step(_RETURN, ERRNO | number)]


def _answers(machine: Machine) -> dict[int, list[Step]]:
    """Give what each named call is answered; others get the answer of the range around them."""
    numbers = special(machine)
    answers = {number: [Step(_RETURN, ALLOW)] for number in allowed(machine).values()}
    answers |= {number: _refusal(errno.EOPNOTSUPP) for number in unsupported(machine).values()}
    answers[numbers["clone3"]] = _refusal(errno.ENOSYS)  # its flags lie in memory, out of sight
    answers[numbers["clone"]] = [
        Step(_LOAD, _ARGUMENTS_AT),
        Step(_IF_ANY_BIT, _NAMESPACES, if_false=1),
        *_refusal(errno.EPERM),
        Step(_RETURN, ALLOW),
    ]
    answers[numbers["socketpair"]] = [
        Step(_LOAD, _ARGUMENTS_AT),
        Step(_IF_EQUAL, _AF_UNIX, if_true=1),
        *_refusal(errno.EPERM),
        Step(_RETURN, ALLOW),
    ]
    questions = list(_TERMINAL_QUESTIONS.values())
    answers[numbers["ioctl"]] = [
        Step(_LOAD, _ARGUMENTS_AT + 8),
        *(Step(_IF_EQUAL, one, if_true=len(questions) - at) for at, one in enumerate(questions)),
        *_refusal(errno.ENOTTY),
        Step(_RETURN, ALLOW),
    ]
    return answers


def _ranges(answers: dict[int, list[Step]]) -> list[tuple[int, list[Step]]]:
    """Cut all numbers into ranges of one answer each: (first number, answer), in order."""
    refused, missing = _refusal(errno.EPERM), _refusal(errno.ENOSYS)
    found: list[tuple[int, list[Step]]] = []
    for number in range(_NEWEST + 2):
        answer = answers.get(number, refused if number <= _NEWEST else missing)
        if not found or found[-1][1] != answer:
            found.append((number, answer))
    return found


def _search(ranges: list[tuple[int, list[Step]]]) -> list[Step]:
    if len(ranges) == 1:
        return ranges[0][1]
    middle = len(ranges) // 2
    below, above = _search(ranges[:middle]), _search(ranges[middle:])
    if len(below) <= _FAR:
        return [Step(_IF_AT_LEAST, ranges[middle][0], if_true=len(below)), *below, *above]
    return [
        Step(_IF_AT_LEAST, ranges[middle][0], if_false=1),
        Step(_JUMP, len(below)),
        *below,
        *above,
    ]
