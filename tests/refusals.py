"""What a kernel refuses, for real: system calls by seccomp, files by another user's rights.

Each is done in a child of this process, which a filter or a lost right would not leave again.
"""

import ctypes
import os
import pickle
from collections.abc import Callable
from typing import Any

FLOCK, FCNTL, PREAD, READ = 73, 72, 17, 0
"""Numbers of system calls on x86-64 (asm/unistd_64.h)."""
NOBODY = 65534
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, FILTER_MODE = 22, 38, 2  # linux/prctl.h, linux/seccomp.h
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06  # linux/bpf_common.h
ALLOW, ERRNO = 0x7FFF0000, 0x00050000


class _Instruction(ctypes.Structure):
    _fields_ = [
        ("code", ctypes.c_ushort),
        ("if_true", ctypes.c_ubyte),
        ("if_false", ctypes.c_ubyte),
        ("value", ctypes.c_uint),
    ]


class _Program(ctypes.Structure):
    _fields_ = [
        ("length", ctypes.c_ushort),
        ("instructions", ctypes.POINTER(_Instruction)),
    ]


def refuse(call: int, number: int) -> None:
    """From now on this process and its children get errno `number` from a system call."""
    program = (_Instruction * 4)(
        _Instruction(LOAD, 0, 0, 0),
        _Instruction(JUMP_IF_EQUAL, 0, 1, call),
        _Instruction(RETURN, 0, 0, ERRNO | number),
        _Instruction(RETURN, 0, 0, ALLOW),
    )
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    filtering = libc.prctl(PR_SET_SECCOMP, FILTER_MODE, ctypes.byref(_Program(4, program)), 0, 0)
    if filtering:
        raise OSError(ctypes.get_errno(), "seccomp")


def become_nobody() -> None:
    """Root reads everything: give that up. Others have no more rights than they should."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def in_child(prepare: Callable[[], Any], work: Callable[[], Any]) -> Any:
    """What `work` returns, or the text of what it raises, in a child that did `prepare` before."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            prepare()
            answer = work()
        except BaseException as error:  # the child must not go on as the tests do
            answer = f"{type(error).__name__}: {error}"
        with os.fdopen(writing, "wb") as file:
            pickle.dump(answer, file)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        answer = pickle.load(file)
    os.waitpid(child, 0)
    return answer
