"""Keep the stack on which Python handles signals.

OpenVINO (seen in 2026.4 on Linux) gives the calling thread an alternate stack for signals and frees it with
the network. Python handles signals on such a stack, so that the next Ctrl-C would end the process.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class Stack(ctypes.Structure):
    """``stack_t`` of Linux."""

    _fields_ = [("pointer", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t)]


@contextmanager
def kept_signal_stack() -> Iterator[None]:
    """Yield this thread the alternate stack back that it had before; does nothing but on Linux."""
    if sys.platform != "linux":
        yield
        return
    system = ctypes.CDLL(None)
    before = Stack()
    system.sigaltstack(None, ctypes.byref(before))
    try:
        yield
    finally:
        system.sigaltstack(ctypes.byref(before), None)
