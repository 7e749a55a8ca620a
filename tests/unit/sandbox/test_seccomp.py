"""The filter decides as it should, on both machines: its program is run by a small interpreter of BPF."""

from __future__ import annotations

import errno
import re
import struct
from pathlib import Path

import pytest

from backend.sandbox import seccomp, syscalls
from backend.sandbox.syscalls import MACHINES

HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
ALLOWED = seccomp.ALLOW


def refused(number: int) -> int:
    return seccomp.ERRNO | number


def decide(machine: str, number: int, *arguments: int, arch: int | None = None) -> int:
    """Run the program as the kernel does over struct seccomp_data."""
    code = seccomp.program(machine)
    steps = [struct.unpack_from("=HBBI", code, at) for at in range(0, len(code), 8)]
    words = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack(
        "=IIQ6Q", number & 0xFFFFFFFF, arch or seccomp.AUDIT_ARCH[machine], 0, *words
    )
    at = held = 0
    while True:
        kind, if_true, if_false, value = steps[at]
        at += 1
        if kind == 0x20:
            (held,) = struct.unpack_from("=I", data, value)
        elif kind == 0x05:
            at += value
        elif kind == 0x06:
            return value
        else:
            holds = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}[kind]
            at += if_true if holds else if_false


@pytest.fixture(params=MACHINES)
def machine(request):
    return request.param


def test_every_call_is_answered_as_its_group_says(machine) -> None:
    """All numbers, not only those with names; jumps lead nowhere else."""
    groups = {
        **dict.fromkeys(syscalls.allowed(machine).values(), ALLOWED),
        **dict.fromkeys(syscalls.unsupported(machine).values(), refused(errno.EOPNOTSUPP)),
    }
    special = set(syscalls.special(machine).values())
    for number in set(range(1200)) - special:
        wanted = refused(errno.EPERM) if number <= 450 else refused(errno.ENOSYS)
        assert decide(machine, number) == groups.get(number, wanted), number


def test_threads_and_forks_may_be_made_but_no_namespaces(machine) -> None:
    """Each flag of a namespace alone is enough to refuse."""
    clone = syscalls.special(machine)["clone"]
    for flags in (17, 0x3D0F00, 0x1200011):
        assert decide(machine, clone, flags) == ALLOWED
    for bit in (17, 25, 26, 27, 28, 29, 30):
        assert decide(machine, clone, 17 | 1 << bit) == refused(errno.EPERM)
    assert decide(machine, syscalls.special(machine)["clone3"], 0, 88) == refused(errno.ENOSYS)


def test_pairs_of_sockets_are_local(machine) -> None:
    """The family alone decides, in its lower half as the kernel reads it."""
    pair = syscalls.special(machine)["socketpair"]
    assert decide(machine, pair, 1, 1) == ALLOWED
    assert decide(machine, pair, 1 | 7 << 32, 1) == ALLOWED
    for family in (0, 2, 10, 16, 17, 40):
        assert decide(machine, pair, family, 1) == refused(errno.EPERM)


def test_terminals_may_be_asked_but_not_typed_into(machine) -> None:
    """TIOCSTI, TIOCLINUX and everything else is no terminal's business."""
    ioctl = syscalls.special(machine)["ioctl"]
    for command in (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451):
        assert decide(machine, ioctl, 0, command) == ALLOWED
    for command in (0x5412, 0x541C, 0x5412 | 1 << 32, 0, 0xFFFFFFFF):
        assert decide(machine, ioctl, 0, command) == refused(errno.ENOTTY)


@pytest.mark.parametrize("number", [0x40000000, 0x40000000 + 41, 0xFFFFFFFF, -1])
def test_the_second_table_of_x86_is_closed(number) -> None:
    """x32 calls have numbers of their own."""
    assert decide("x86_64", number) == refused(errno.ENOSYS)


def test_another_machine_is_ended(machine) -> None:
    """A 32-bit call would be read by the wrong table."""
    for arch in (0x40000003, 0x40000028, 1):
        assert decide(machine, 0, arch=arch) == seccomp.KILL


def test_dangerous_calls_have_no_place_in_any_group(machine) -> None:
    """By name, so that a wrong number does not hide it."""
    names = set(syscalls.allowed(machine)) | set(syscalls.unsupported(machine))
    dangerous = [
        "socket",
        "connect",
        "bind",
        "mount",
        "umount2",
        "pivot_root",
        "chroot",
        "unshare",
        "setns",
        "ptrace",
        "bpf",
        "keyctl",
        "io_uring_setup",
        "userfaultfd",
        "perf_event_open",
        "memfd_create",
        "shmget",
        "mq_open",
        "mknod",
        "mknodat",
        "process_vm_writev",
        "kexec_load",
        "init_module",
        "open_by_handle_at",
        "name_to_handle_at",
        "pidfd_getfd",
        "setsockopt",
        "seccomp",
        "personality",
    ]
    assert names.isdisjoint(dangerous)


def test_the_numbers_are_the_kernels_own(machine) -> None:
    """Compared with the headers of this system, where they are installed."""
    header = HEADERS[machine]
    if not header.exists():
        pytest.skip("no kernel headers")
    text = header.read_text(encoding="ascii")
    found = {
        name: int(number)
        for name, number in re.findall(
            r"#define __NR(?:3264)?_(\w+)\s+(\d+)\s*$", text, re.MULTILINE
        )
    }
    found.setdefault("newfstatat", found.get("fstatat", -1))
    groups = (syscalls.allowed, syscalls.unsupported, syscalls.special)
    wrong = {
        name: number
        for group in groups
        for name, number in group(machine).items()
        if found.get(name) != number
    }
    assert wrong == {}


def test_the_program_fits_the_kernels_bound(machine) -> None:
    """At most 4,096 instructions."""
    assert 0 < len(seccomp.steps(machine)) < 4096
