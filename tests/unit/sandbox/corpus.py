"""Attempts to get out of the sandbox or to harm what is around it.

Each has a name, how it may end, and what its output, value or error must say: that the very attempt
was refused, so that a typing error does not pass for a wall. `HOST` stands for a path of a file only
the host has, `LIMITED` for endings by a bound.
"""

from __future__ import annotations

from dataclasses import dataclass

BLOCKED = ("ok", "exception")


@dataclass(frozen=True)
class Attempt:
    name: str
    says: str
    code: str
    ends: tuple[str, ...] = BLOCKED


SYSCALL = """
import ctypes, errno, platform
libc = ctypes.CDLL(None, use_errno=True)
arm = platform.machine() == "aarch64"
def call(x86, generic, *arguments):
    ctypes.set_errno(0)
    answer = libc.syscall(ctypes.c_long(generic if arm else x86), *map(ctypes.c_long, arguments))
    return errno.errorcode.get(ctypes.get_errno(), "none") if answer == -1 else "ESCAPED"
"""


def refused(name: str, x86: int, generic: int, arguments: str, error: str = "EPERM") -> Attempt:
    code = f"{SYSCALL}\ncall({x86}, {generic}, {arguments})"
    return Attempt(f"the system call {name}", rf"^'{error}'$", code, ("ok",))


FILES = [
    Attempt("a file of the host", "No such file", "open(HOST).read()"),
    Attempt("the users of the host", "No such file", "open('/etc/passwd').read()"),
    Attempt("home folders", "No such file", "import os; os.listdir('/root'), os.listdir('/home')"),
    Attempt("processes", "No such file", "import os; os.listdir('/proc')"),
    Attempt("own memory", "No such file", "open('/proc/self/mem', 'r+b')"),
    Attempt("kernel settings", "No such file", "import os; os.listdir('/sys')"),
    Attempt("shared memory", "No such file", "open('/dev/shm/x', 'w')"),
    Attempt("disks", r"\['null', 'urandom', 'zero'\]", "import os; sorted(os.listdir('/dev'))"),
    Attempt("a terminal", "Read-only file system|Permission denied", "open('/dev/tty', 'w')"),
    Attempt("the root folder", "Read-only file system|Permission denied", "open('/x', 'w')"),
    Attempt("system libraries", "Read-only file system|Permission denied", "open('/usr/lib/x', 'w')"),
    Attempt("the interpreter", "Read-only file system|Permission denied", "import os; open(os.__file__, 'a')"),
    Attempt("packages", "Read-only file system|Permission denied", "open('/sbx/x', 'w')"),
    Attempt("given files", "Read-only file system|Permission denied", "open('/box/given.txt', 'w')"),
    Attempt("given files by mode", "Read-only file system|not permitted", "import os; os.chmod('/box/given.txt', 0o777)"),
    Attempt("given files by removal", "busy|not permitted", "import os; os.unlink('/box/given.txt')"),
    Attempt("up and out", r"^\['box', 'dev', 'lib", "import os; os.chdir('/../../..'); sorted(os.listdir('.'))"),
    Attempt(
        "a link to a file of the host",
        "No such file",
        "import os; os.symlink(HOST, 'link'); open('link').read()",
    ),
    Attempt("a device of its own", "not permitted", "import os, stat; os.mknod('d', 0o600 | stat.S_IFBLK, os.makedev(8, 0))"),
    Attempt("a named pipe", "not permitted", "import os; os.mkfifo('p')"),
    Attempt("a program with more rights", "No such file", "import subprocess; subprocess.run(['/usr/bin/su'])"),
    Attempt("a shell", "No such file", "import subprocess; subprocess.run('id', shell=True)"),
]  # fmt: skip

NETWORK = [
    Attempt(
        "sockets of every family",
        r"^\['EPERM'\]$",
        """
import errno, socket
found = set()
for family in (1, 2, 10, 16, 17, 38, 40, 44):
    for kind in (1, 2, 3):
        try:
            socket.socket(family, kind)
            found.add("ESCAPED")
        except OSError as error:
            found.add(errno.errorcode[error.errno])
sorted(found)
""",
        ("ok",),
    ),
    Attempt("names", "gaierror|not permitted", "import socket; socket.gethostbyname('localhost.example')"),
    Attempt("a page", "URLError|not permitted", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health', timeout=2)"),
    Attempt("pairs of other families", "not permitted|not supported", "import socket; socket.socketpair(16, 3)"),
    Attempt("pairs of its own parts stay", r"^b'x'$", "import socket; a, b = socket.socketpair(); a.send(b'x'); b.recv(1)", ("ok",)),
]  # fmt: skip

KERNEL = [
    refused("mount", 165, 40, "0, 0, 0, 0, 0"),
    refused("unshare", 272, 97, "0x10000000"),
    refused("setns", 308, 268, "0, 0"),
    refused("clone with a user namespace", 56, 220, "0x10000011, 0, 0, 0, 0"),
    refused("clone3", 435, 435, "0, 0", "ENOSYS"),
    refused("ptrace", 101, 117, "0, 0, 0, 0"),
    refused("process_vm_readv", 310, 270, "1, 0, 0, 0, 0, 0"),
    refused("keyctl", 250, 219, "0, -3, 0, 0, 0"),
    refused("add_key", 248, 217, "0, 0, 0, 0, -3"),
    refused("bpf", 321, 280, "0, 0, 0"),
    refused("io_uring_setup", 425, 425, "1, 0"),
    refused("perf_event_open", 298, 241, "0, 0, -1, -1, 0"),
    refused("userfaultfd", 323, 282, "0"),
    refused("memfd_create", 319, 279, "0, 0"),
    refused("shmget", 29, 194, "0, 4096, 0o1600"),
    refused("mq_open", 240, 180, "0, 0, 0, 0"),
    refused("pivot_root", 155, 41, "0, 0"),
    refused("chroot", 161, 51, "0"),
    refused("open_by_handle_at", 304, 265, "0, 0, 0"),
    refused("kexec_load", 246, 104, "0, 0, 0, 0"),
    refused("init_module", 175, 105, "0, 0, 0"),
    refused("reboot", 169, 142, "0, 0, 0, 0"),
    refused("settimeofday", 164, 170, "0, 0"),
    refused("pidfd_open", 434, 434, "1, 0"),
    refused("a call of the future", 600, 600, "0", "ENOSYS"),
    refused("typing into a terminal", 16, 29, "0, 0x5412, 0", "ENOTTY"),
    Attempt("other identities", r"^\{'E(?:PERM|INVAL)'\}$", """
import errno, os
found = set()
for change in (os.setuid, os.setgid, os.seteuid, os.setegid):
    try:
        change(0)
        found.add("ESCAPED")
    except OSError as error:
        found.add(errno.errorcode[error.errno])
found
""", ("ok",)),
    Attempt("higher limits", r"not allowed to raise|not permitted", "import resource; resource.setrlimit(resource.RLIMIT_NPROC, (999, 999))"),
    Attempt("higher priority", "Permission denied|not permitted", "import os; os.nice(-5)"),
]  # fmt: skip

PROCESSES = [
    Attempt("signals to everything", "No such process|not permitted", "import os, signal; os.kill(-1, signal.SIGTERM)"),
    Attempt("the first process", "not permitted|^'not ended'$", "import os, signal; os.kill(1, signal.SIGKILL); 'not ended'"),
    Attempt("bounded forks", r"^(?:[1-9]|1[0-9])$", """
import os, signal
count = 0
try:
    for _ in range(40):
        if not os.fork():
            signal.pause()
            os._exit(0)
        count += 1
except BlockingIOError:
    pass
count
""", ("ok",)),
    Attempt("bounded threads", r"can't start new thread", """
import threading
gate = threading.Event()
for _ in range(60):
    threading.Thread(target=gate.wait, daemon=True).start()
"""),
    Attempt("a process that outlives it", r"^'left'$", """
import os, time
if not os.fork():
    os.setsid()
    if not os.fork():
        time.sleep(600)
    os._exit(0)
'left'
""", ("ok",)),
    Attempt("descriptors of the server", r"^\[0, 1, 2, \d+\]$", """
import os
found = []
for number in range(4096):
    try:
        os.fstat(number)
        found.append(number)
    except OSError:
        pass
found
""", ("ok",)),
    Attempt("surroundings of the server", r"^\['HOME', 'LANG', 'LC_ALL', 'LD_LIB", "import os; sorted(os.environ)", ("ok",)),
]  # fmt: skip

BOUNDS = [
    Attempt("an endless loop", "took more than 1 seconds", "while True: pass", ("time",)),
    Attempt("sleep", "took more than 1 seconds", "import time; time.sleep(600)", ("time",)),
    Attempt("a loop that catches everything", "took more than 1 seconds", """
while True:
    try:
        while True: pass
    except BaseException:
        pass
""", ("time",)),
    Attempt("a loop deaf to signals", "took more than 1 seconds", """
import signal
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True: pass
""", ("time",)),
    Attempt("deep recursion", "RecursionError", "def f(): return f()\nf()", ("exception",)),
    Attempt("recursion without a bound", "ended by a fault in memory|ended by itself|RecursionError|MemoryError", """
import sys
sys.setrecursionlimit(10**9)
class A:
    def __repr__(self): return repr(self)
repr(A())
""", ("killed", "exception", "memory")),
    Attempt("endless output", "wrote more than", "while True: print('x' * 1000)", ("output",)),
    Attempt("endless errors", "wrote more than", "import sys\nwhile True: sys.stderr.write('x' * 1000)", ("output",)),
    Attempt("a long value", r"x\.\.\. \(5000002 characters\)", "'x' * 5_000_000", ("ok",)),
    Attempt("one large object", "MemoryError", "bytearray(1 << 33)", ("memory",)),
    Attempt("memory in one process", "MemoryError|used more than", "held = []\nwhile True: held.append(bytearray(b'x') * (1 << 22))", ("memory",)),
    Attempt("memory in many processes", "used more than", """
import os, time
for _ in range(8):
    if not os.fork():
        held = []
        while len(held) < 12:
            held.append(bytearray(b'x') * (1 << 23))
        time.sleep(600)
time.sleep(600)
""", ("memory",)),
    Attempt("memory shared by many processes", "used more than", """
import mmap, os, time
for _ in range(8):
    if not os.fork():
        held = [mmap.mmap(-1, 1 << 26)]
        held[0].write(b'x' * (1 << 26))
        time.sleep(600)
time.sleep(600)
""", ("memory",)),
    Attempt("a full working folder", "No space left", """
for number in range(100):
    with open(f'{number}', 'wb') as file:
        file.write(b'x' * (1 << 20))
"""),
    Attempt("a full folder of temporary files", "No space left", """
for number in range(100):
    with open(f'/tmp/{number}', 'wb') as file:
        file.write(b'x' * (1 << 20))
"""),
    Attempt("one huge file", "File too large|No space left", "open('x', 'wb').truncate(1 << 40)"),
    Attempt("many files", "made more than 500 files|No space left", """
import time
for number in range(1_000_000):
    open(f'/box/f{number}', 'w').close()
""", ("memory", "exception", "time")),
    Attempt("many folders", "made more than 500 files|No space left", """
import os
for number in range(1_000_000):
    os.mkdir(f'/tmp/f{number}')
""", ("memory", "exception", "time")),
    Attempt("open files", "Too many open files", "held = [open('/dev/null') for _ in range(1000)]"),
    Attempt("a dump of memory", "ended by a fault in memory", "import ctypes; ctypes.string_at(0)", ("killed",)),
    Attempt("an end without a word", r"ended by itself without a result \(code 0\)", "import os; os._exit(0)", ("killed",)),
    Attempt("a kill of itself", "ended by a kill", "import os; os.kill(os.getpid(), 9)", ("killed",)),
]  # fmt: skip

PIPE = """
import os
def is_pipe(number):
    try:
        return os.fstat(number).st_mode & 0o170000 == 0o010000
    except OSError:
        return False
pipe = next(number for number in range(3, 4096) if is_pipe(number))
def frame(kind, name=b'', data=b''):
    return kind + len(name).to_bytes(4, 'big') + len(data).to_bytes(4, 'big') + name + data
"""

PROTOCOL = [
    Attempt("a closed result pipe", "without a result|Bad file", PIPE + "os.close(pipe)", ("killed", "exception")),
    Attempt("noise in the result pipe", "disturbed", PIPE + "os.write(pipe, b'\\xff' * 100)", ("killed",)),
    Attempt("a message of 4 GiB", "disturbed", PIPE + "os.write(pipe, b'F' + b'\\xff' * 8)", ("killed",)),
    Attempt("half a message", "took more than", PIPE + "os.write(pipe, b'F' + b'\\0\\0\\0\\4' + b'\\0\\0\\0\\4')\nimport time; time.sleep(60)", ("time",)),
    Attempt("endless messages", "disturbed", PIPE + "while True: os.write(pipe, frame(b'N', b'', b'x'))", ("killed",)),
    Attempt("too many files", "disturbed", PIPE + "for n in range(30): os.write(pipe, frame(b'F', str(n).encode(), b'x'))", ("killed",)),
    Attempt("an end that never was", "^$", PIPE + "os.write(pipe, frame(b'X', b'ok'))\nimport time; time.sleep(60)", ("ok",)),
    Attempt("an ending of its own making", "disturbed", PIPE + "os.write(pipe, frame(b'X', b'root'))\nimport time; time.sleep(60)", ("killed",)),
    Attempt("messages of a forked process", "ZeroDivisionError: integer division", """
import os
child = os.fork()
if not child:
    1 / 0
os.waitpid(child, 0)
1 // 0
""", ("exception",)),
]  # fmt: skip

ALL = [*FILES, *NETWORK, *KERNEL, *PROCESSES, *BOUNDS, *PROTOCOL]
