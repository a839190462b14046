"""Python's collector of unreachable objects: held back while many objects are made that stay, and
kept from looking at those of modules ever after."""

from __future__ import annotations

import gc
import io
import os
import sys
import threading
import types
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

_STANDARD = 0, 1, 2  # input, output, errors
_lock = threading.Lock()
_blocks = 0  # that are running, in all threads
_was_on = False  # before the first of them
_has_frozen = False  # whether this module, or the program itself, has frozen objects


@contextmanager
def held_back() -> Iterator[None]:
    """Let Python's collector wait until the end of the block.

    It runs after every so many new objects, and every now and then it looks at all there are: of
    JAX alone some hundred thousand, which takes as long as importing this library. What modules
    make stays, so it would find nothing.

    >>> with held_back():
    ...     gc.isenabled()
    False
    >>> gc.isenabled()
    True
    """
    global _blocks, _was_on
    with _lock:
        if not _blocks:
            _was_on = gc.isenabled()
            gc.disable()
        _blocks += 1
    try:
        yield
    finally:
        with _lock:
            _blocks = max(_blocks - 1, 0)
            if not _blocks and _was_on:
                gc.enable()


@contextmanager
def importing() -> Iterator[None]:
    """Hold the collector back while modules are imported, and have it leave alone what they hold.

    It would look at new objects twice more before it takes them for old ones, and at all there are
    three times when the program ends: with JAX's that is a fifth of a short script. So they count
    as old at once; and where JAX is imported, and nothing else was done yet, they are frozen, as
    `gc.freeze` does it: later objects are collected as ever.

    >>> with importing():
    ...     import json
    """
    is_early = _is_early()
    with held_back():
        yield
        _settle(is_early and "jax" in sys.modules)


def _settle(for_good: bool) -> None:
    """Have all objects there are count as old, or freeze them; once some are frozen, nothing."""
    global _has_frozen
    if _has_frozen or gc.get_freeze_count():  # which counts them one by one
        _has_frozen = True
        return
    gc.freeze()
    _has_frozen = for_good
    if not for_good:
        gc.unfreeze()


def _is_early() -> bool:
    """Whether JAX may be frozen with all that is there: whether hardly more than modules is.

    Frozen objects that refer to each other in a circle stay for good, and nothing of them runs when
    the program ends: no `__del__`, no `finally`, no writing of what a file holds back.
    """
    at_prompt = hasattr(sys, "ps1") or sys.flags.interactive or "IPython" in sys.modules
    if "jax" in sys.modules or not gc.isenabled() or at_prompt or threading.active_count() > 1:
        return False
    objects = gc.get_objects()
    ending = {kind for kind in {type(one) for one in objects} if _does_something_at_its_end(kind)}
    return all(_is_harmless(one) for one in objects if type(one) in ending)


def _does_something_at_its_end(kind: type) -> bool:
    """Whether objects of a class, or a class of the program itself, may miss their end."""
    suspended = types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType
    at_its_end = any("__del__" in vars(base) for base in kind.__mro__)
    return at_its_end or issubclass(kind, suspended) or kind.__module__ == "__main__"


def _is_harmless(one: object) -> bool:
    """Whether nothing is lost with an object: what only reads, standard streams, `with` blocks."""
    # By `type`: `isinstance` asks an object for its `__class__`, and so may run the user's code.
    if type(one) is types.GeneratorType:
        frame = one.gi_frame
        if frame is None or one.gi_running:  # it is over, or not interrupted
            return True
        return _is_in_with_block(one) or _is_of_library(one, frame.f_globals)
    if type(one) in (io.FileIO, io.BytesIO, io.StringIO):  # these hold nothing back
        return True
    if type(one) is io.TextIOWrapper or type(one) is io.BufferedWriter:
        try:
            return one.closed or not one.writable() or one.fileno() in _STANDARD
        except (OSError, ValueError):  # a stream that is not a file, or that was detached
            return False
    home = str(type(one).__module__)
    package = home.partition(".")[0]  # `numpy.load` holds one of each
    is_read = package == "zipfile" and getattr(one, "mode", "") == "r"
    if is_read or package == "numpy" or type(one) is io.BufferedReader:
        return True
    return _is_of_library(one, vars(sys.modules[home]) if home in sys.modules else {})


def _is_in_with_block(one: Iterator[object]) -> bool:
    holders = map(type, gc.get_referrers(one))
    return any(issubclass(holder, AbstractContextManager) for holder in holders)


def _is_of_library(one: object, names: Mapping[str, object]) -> bool:
    """Whether an object is what a module that was installed holds by a name, for as long as it is.

    Args:
        one: an object.
        names: those of the module with its class, or its code.
    """
    file, installed = names.get("__file__"), (sys.prefix, sys.base_prefix)
    return (
        isinstance(file, str)
        and file.startswith(installed)
        and any(value is one for value in names.values())
    )


def _after_fork() -> None:
    """The other threads, and their blocks, are not in the child."""
    global _blocks, _lock
    _lock = threading.Lock()
    if _blocks and _was_on:
        gc.enable()
    _blocks = 0


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_after_fork)
