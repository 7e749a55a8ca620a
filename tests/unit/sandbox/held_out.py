"""Attempts to get out of the sandbox, written down apart from its own corpus.

Each prints ESCAPED when it reaches what it must not; every one is bounded by itself, so that a
missing wall shows as a failed test and not as a broken machine.
"""

from __future__ import annotations

# Prints ESCAPED when it got through.
REACHES: dict[str, str] = {
    "host files by many names": """
import os
for path in ("/etc/passwd", "/etc/hostname", "/root", "/home", "/var/lib", "/run", "/sys", "/boot",
             "/proc/1/environ", "/proc/self/root/etc/passwd", "/dev/fd/3/../../etc/passwd",
             "/../../etc/passwd", "/sbx/../etc/passwd", "/box/../../etc/shadow"):
    try:
        found = os.listdir(path) if os.path.isdir(path) else open(path).read(1)
        if found:
            print("ESCAPED", path)
    except OSError:
        pass
""",
    "environment of the server": """
import os
print([name for name in os.environ if "KEY" in name or "PASS" in name or "TOKEN" in name
       or "DATABASE" in name] and "ESCAPED")
""",
    "open_by_handle_at": """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for root in ("/", "/box", "/usr"):
    fd = os.open(root, os.O_RDONLY)
    handle = ctypes.create_string_buffer(8 + 128)
    ctypes.memmove(handle, (8).to_bytes(4, "little") + (1).to_bytes(4, "little") + (2).to_bytes(4, "little"), 12)
    got = libc.open_by_handle_at(fd, handle, os.O_RDONLY)
    print("ESCAPED" if got >= 0 else ctypes.get_errno())
""",
    "namespaces by raw system calls": """
import ctypes, platform
libc = ctypes.CDLL(None, use_errno=True)
x86 = platform.machine() == "x86_64"
calls = {"unshare": 272, "setns": 308, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161} if x86 else {
    "unshare": 97, "setns": 268, "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51}
for name, number in calls.items():
    if name == "unshare":
        for flag in (0x10000000, 0x20000, 0x40000000, 0x20000000, 0x02000000, 0x80):
            if libc.syscall(number, flag) == 0:
                print("ESCAPED", name, hex(flag))
    elif name == "chroot":
        if libc.syscall(number, b"/box") == 0:
            print("ESCAPED", name)
    elif name == "setns":
        if libc.syscall(number, 0, 0) == 0:
            print("ESCAPED", name)
    elif libc.syscall(number, b"/box", b"/box", b"tmpfs", 0, 0) == 0:
        print("ESCAPED", name)
""",
    "new mount interface": """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for number in (428, 429, 430, 431, 432, 433, 442, 467):
    if libc.syscall(number, -100, b"/", 1, 0, 0, 0) >= 0:
        print("ESCAPED", number)
""",
    "clone with namespaces": """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
pid = libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0) if os.uname().machine == "x86_64" else libc.syscall(220, 0x10000000 | 17, 0, 0, 0, 0)
if pid == 0:
    os._exit(0)
print("ESCAPED" if pid > 0 else "no")
""",
    "kernel interfaces": """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
x86 = {"bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "io_uring_setup": 425, "keyctl": 250,
       "add_key": 248, "request_key": 249, "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311,
       "kexec_load": 246, "init_module": 175, "finit_module": 313, "delete_module": 176, "iopl": 172,
       "ioperm": 173, "swapon": 167, "reboot": 169, "acct": 163, "settimeofday": 164, "sethostname": 170,
       "quotactl": 179, "fanotify_init": 300, "syslog": 103, "personality": 135}
if os.uname().machine == "x86_64":
    for name, number in x86.items():
        got = libc.syscall(number, 0xFFFFFFFE if name == "personality" else 0, 0, 0, 0, 0, 0)
        if got >= 0 and name not in ("personality", "ptrace"):
            print("ESCAPED", name, got)
        if name == "ptrace" and got == 0:
            print("ESCAPED", name)
""",
    "sockets of every family": """
import socket
for family in (2, 10, 16, 17, 40, 38, 29, 31, 21, 30, 44):
    for kind in (1, 2, 3, 5):
        try:
            socket.socket(family, kind, 0).close()
            print("ESCAPED", family, kind)
        except OSError:
            pass
""",
    "abstract unix sockets of the host": """
import socket
for name in ("\\0/tmp/.X11-unix/X0", "\\0@dbus", "/run/docker.sock", "/var/run/docker.sock", "/run/dbus/system_bus_socket"):
    try:
        one = socket.socket(socket.AF_UNIX)
        one.connect(name)
        print("ESCAPED", name)
    except OSError:
        pass
""",
    "inherited descriptors": """
import os, stat
for fd in range(3, 256):
    try:
        kind = os.fstat(fd).st_mode
    except OSError:
        continue
    try:
        if stat.S_ISDIR(kind) or stat.S_ISSOCK(kind):
            print("ESCAPED", fd, oct(kind))
        elif stat.S_ISREG(kind) and os.fstat(fd).st_dev != os.stat("/box").st_dev:
            print("ESCAPED regular", fd)
    except OSError:
        pass
""",
    "signals to others": """
import os, signal
for pid in (1, -1, os.getppid()):
    try:
        if pid == -1:
            continue
        os.kill(pid, 0)
        if pid > 2:
            print("ESCAPED", pid)
    except OSError:
        pass
""",
    "terminal injection": """
import fcntl, termios
for fd in (0, 1, 2):
    try:
        fcntl.ioctl(fd, termios.TIOCSTI, b"x")
        print("ESCAPED", fd)
    except OSError:
        pass
""",
    "writing where the next call would see it": """
import os
for root in ("/sbx", "/sbx/py", "/sbx/site", "/usr", "/usr/lib", "/", "/dev"):
    try:
        with open(os.path.join(root, "left"), "w") as file:
            file.write("x")
        print("ESCAPED", root)
    except OSError:
        pass
""",
    "device nodes and set-user-id": """
import os, stat
for major, minor in ((1, 1), (8, 0), (254, 0), (1, 3)):
    try:
        os.mknod("/box/node", stat.S_IFBLK | 0o666, os.makedev(major, minor))
        print("ESCAPED node")
    except OSError:
        pass
try:
    os.setuid(0)
    print("ESCAPED uid") if os.getuid() == 0 and os.access("/etc/shadow", os.R_OK) else None
except OSError:
    pass
for program in ("su", "sudo", "mount", "newgrp", "passwd"):
    path = f"/usr/bin/{program}"
    if os.path.exists(path) and os.stat(path).st_mode & stat.S_ISUID:
        pid = os.fork()
        if pid == 0:
            try:
                os.execv(path, [program, "--version"])
            finally:
                os._exit(9)
        os.waitpid(pid, 0)
        print("euid", os.geteuid())
""",
    "audit hooks and frames of the runner": """
import sys, gc
seen = []
frame = sys._getframe()
while frame:
    seen += [name for name in frame.f_globals if "secret" in name.lower() or "token" in name.lower()]
    frame = frame.f_back
print("ESCAPED" if any("bearer" in str(one).lower() for one in seen) else "no")
""",
    "raising its own limits": """
import resource
for which in (resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE):
    soft, hard = resource.getrlimit(which)
    if hard == resource.RLIM_INFINITY:
        print("ESCAPED unbounded", which)
    try:
        resource.setrlimit(which, (hard + 1, hard + 1))
        print("ESCAPED raised", which)
    except (OSError, ValueError):
        pass
""",
}

# Each must end as one of these exits, within the limits it is given.
BOUNDED: dict[str, tuple[str, frozenset[str]]] = {
    "threads without end": (
        "import threading, time\n"
        "made = 0\n"
        "try:\n"
        "    for _ in range(300):\n"
        "        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "        made += 1\n"
        "except RuntimeError:\n"
        "    pass\n"
        "print('ESCAPED' if made >= 300 else made)\n",
        frozenset({"ok", "exception", "killed", "time"}),
    ),
    "children that outlive the call": (
        "import os, time\n"
        "for _ in range(4):\n"
        "    if os.fork() == 0:\n"
        "        os.setsid()\n"
        "        if os.fork() == 0:\n"
        "            for fd in range(3):\n"
        "                os.close(fd)\n"
        "            time.sleep(600)\n"
        "        os._exit(0)\n"
        "print('parent done')\n",
        frozenset({"ok", "time", "killed", "exception"}),
    ),
    "stopping itself": (
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\n",
        frozenset({"time", "killed"}),
    ),
    "ignoring every signal": (
        "import signal\n"
        "for one in range(1, 65):\n"
        "    try:\n"
        "        signal.signal(one, signal.SIG_IGN)\n"
        "    except (OSError, ValueError):\n"
        "        pass\n"
        "while True:\n"
        "    pass\n",
        frozenset({"time", "killed"}),
    ),
    "memory in shared mappings": (
        "import mmap, os\n"
        "held = []\n"
        "for _ in range(6):\n"
        "    area = mmap.mmap(-1, 256 * 1024 * 1024)\n"
        "    for at in range(0, len(area), 4096):\n"
        "        area[at] = 1\n"
        "    held.append(area)\n"
        "print('ESCAPED')\n",
        frozenset({"memory", "exception", "killed"}),
    ),
    "memory in memfd files": (
        "import os\n"
        "fds = []\n"
        "for _ in range(60):\n"
        "    fd = os.memfd_create('x')\n"
        "    fds.append(fd)\n"
        "    for _ in range(31):\n"
        "        os.write(fd, bytes(1024 * 1024))\n"
        "print('ESCAPED')\n",
        frozenset({"memory", "exception", "killed"}),
    ),
    "output on standard error without end": (
        "import sys\nwhile True:\n    sys.stderr.write('x' * 65536)\n",
        frozenset({"output", "killed", "time"}),
    ),
    "ten thousand small files": (
        "for at in range(10_000):\n    open(f'f{at}', 'w').close()\nprint('made')\n",
        frozenset({"ok", "exception", "memory"}),  # a bound on the number of files ends it so
    ),
    "a deep recursion in C": (
        "import json\ntext = '[' * 2_000_000\ntry:\n    json.loads(text)\nexcept RecursionError:\n    print('bounded')\n",
        frozenset({"ok", "killed", "exception"}),
    ),
    "a crash of the interpreter": (
        "import ctypes\nctypes.string_at(0)\n",
        frozenset({"killed"}),
    ),
    "leaving by os._exit": (
        "import os\nprint('before')\nos._exit(0)\n",
        frozenset({"ok", "killed", "exception"}),
    ),
    "a name that is a path": (
        "import os\nos.makedirs('a/b', exist_ok=True)\nopen('a/b/../../..x.png', 'wb').write(b'1')\n"
        "os.symlink('/etc/passwd', 'link.txt')\nos.mkfifo('pipe')\n",
        frozenset({"ok", "exception"}),
    ),
}
