"""Stops those threads of a process whose names begin with a word, and only those.

freeze_threads.py PID WORD: holds them, as a debugger does, until it is ended itself.
"""

import ctypes
import os
import pathlib
import sys

PTRACE_SEIZE, PTRACE_INTERRUPT, WALL = 0x4206, 0x4207, 0x40000000

pid, word = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
frozen = 0
for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
    if (task / "comm").read_text().startswith(word):
        for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
            if libc.ptrace(request, int(task.name), None, None) != 0:
                sys.exit(f"ptrace: {ctypes.get_errno()}")
        frozen += 1
if frozen == 0:
    sys.exit(f"no thread of {pid} is named {word}…")
print(f"{frozen} threads are frozen", flush=True)
# They die with their process only when their holder notices.
try:
    while True:
        os.waitpid(-1, WALL)
except ChildProcessError:
    pass
