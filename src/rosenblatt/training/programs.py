"""Compiled programs: found again for models of the same structure, and kept on disk.

A program is looked up by the structure of its model, in this process and then on disk (nothing is
traced), then by the text of the traced function, in this process and on disk (nothing is compiled).
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from rosenblatt.core.collector import held_back
from rosenblatt.core.errors import explain
from rosenblatt.core.faces import on_use
from rosenblatt.core.forking import refuse_forked
from rosenblatt.core.scope import Outside
from rosenblatt.core.tracing import traced_settings
from rosenblatt.core.types import Tree
from rosenblatt.training.placement import HERE, Placement

if TYPE_CHECKING:
    from rosenblatt.training import disk
else:
    disk = on_use("rosenblatt.training.disk")

_MOST_PROGRAMS = 40  # some 3 MB each; a model in use keeps its own
_FORGOTTEN_TOGETHER = 16


@dataclass
class Statistics:
    """How programs were come by: traced and compiled, read from disk, found in this process."""

    traced: int = 0
    compiled: int = 0
    loaded: int = 0
    reused_by_structure: int = 0
    reused_by_text: int = 0
    forgotten: int = 0  # entries of the two tables

    @property
    def made(self) -> int:
        """How many were not in this process yet."""
        return self.compiled + self.loaded


statistics = Statistics()
_by_structure: OrderedDict[Any, Any] = OrderedDict()
_by_text: OrderedDict[str, Any] = OrderedDict()
_lock = threading.Lock()
_compiling: dict[str, threading.Lock] = {}


@dataclass
class WithOutside:
    """A program that takes values which its trace read beside its arguments."""

    compiled: Any
    outside: Outside

    @property
    def out_tree(self) -> Any:
        """The structure of what it gives."""
        return self.compiled.out_tree

    def __call__(self, *args: Tree) -> Any:
        return self.compiled(*args, self.outside.current())


class Programs:
    """The programs of one function, by the shapes of the data they are for.

    Args:
        build: makes the function; called only where it must be traced.
        placement: the device, or devices, that compute.
    """

    def __init__(self, build: Callable[[], Callable[..., Any]], placement: Placement = HERE):
        self._build = build
        self._placement = placement
        self._known: dict[Any, Any] = {}

    def find(self, key: Hashable | None, data: Tree, *args: Tree) -> Any:
        """The program for data of these shapes.

        Args:
            key: as for `get_program`.
            data: nest of arrays, one of the arguments; the others keep their shapes.
            args: all arguments.
        """
        shapes: tuple[Any, ...]
        if type(data) is np.ndarray:
            shapes = (data.shape, data.dtype)
        else:
            leaves, nest = jax.tree_util.tree_flatten(data)
            shapes = (nest, *((a.shape, a.dtype) for a in leaves))
        program = self._known.get(shapes)
        if program is None:
            program = get_program(key, self._build, *args, placement=self._placement)
            self._known[shapes] = program
        return program


def get_program(
    key: Hashable | None,
    build: Callable[[], Callable[..., Any]],
    *args: Tree,
    placement: Placement = HERE,
) -> Any:
    """A compiled program for a function and arguments of these shapes.

    A variable or a run-time parameter that the function reads, and that none of its arguments
    stands for, becomes an argument too: its value counts at each call.

    Args:
        key: hashable; equal keys (with equal shapes) mean equal programs. None where the model's
            structure does not tell everything, as with a user's own `call()`.
        build: makes the function; called only where it must be traced.
        args: example arguments; their shapes and dtypes count.
        placement: the device, or devices, that compute.

    Returns:
        The program, called like the function.
    """
    leaves, structure = jax.tree_util.tree_flatten(args)
    own_key = None if key is None else (
        placement.key, key, structure, tuple(_shape(leaf) for leaf in leaves),
    )  # fmt: skip
    full_key = None if own_key is None else (traced_settings(), own_key)
    if full_key is not None:
        with _lock:
            if full_key in _by_structure:
                _by_structure.move_to_end(full_key)
                statistics.reused_by_structure += 1
                return _by_structure[full_key]
    refuse_forked()
    device = placement.device_on_disk(leaves)
    files = None if device is None else disk.disk(device)
    name = None if files is None or own_key is None else files.structure_name(own_key)
    program = None if files is None or name is None else _from_disk(files, name, args)
    if program is None:
        lowered, outside = _lowered(build, args, placement)
        program = _of_text(lowered, placement, files, None if outside.found else name)
        if outside.found:
            return WithOutside(program, outside)
    if full_key is not None:
        with _lock:
            _remember(_by_structure, full_key, program)
    return program


def _from_disk(files: disk.Disk, name: str, args: tuple[Any, ...]) -> Any:
    """The program of a structure that an earlier process had: nothing is traced."""
    known = files.text_of(name)
    if known is None:
        return None
    text, text_name, out_tree = known
    in_tree = jax.tree_util.tree_structure((args, {}))
    return _of_this_process(text, lambda: _loaded(files, text_name, in_tree, out_tree))


def _of_text(lowered: Any, placement: Placement, files: disk.Disk | None, name: str | None) -> Any:
    """The program of a function that was traced; on disk it gets the structure's name too."""
    whole = f"{placement.key}{lowered.in_tree}{lowered.out_tree}{lowered.as_text()}"
    text = hashlib.sha256(whole.encode()).hexdigest()
    text_name = None if files is None else files.text_name(text, whole, placement.key)

    def make() -> Any:
        program = None
        if files is not None and text_name is not None:
            program = _loaded(files, text_name, lowered.in_tree, lowered.out_tree)
        if program is None:
            before = _hits_of_jax().count
            program = _compile(lowered)
            statistics.compiled += 1
            # What JAX read from a cache of its own cannot be written once more: it lacks functions.
            if files is not None and text_name is not None and _hits_of_jax().count == before:
                files.keep(text_name, program)
        return program

    program = _of_this_process(text, make)
    if files is not None and text_name is not None and name is not None:
        files.link(name, text, text_name, lowered.out_tree)
    return program


def _of_this_process(text: str, make: Callable[[], Any]) -> Any:
    """The program of a text, made where this process has none; None where it cannot be made."""
    with _lock:
        guard = _compiling.setdefault(text, threading.Lock())
    with guard:  # threads that want the same program wait for one compilation
        program = _by_text.get(text)
        if program is None:
            program = make()
        else:
            statistics.reused_by_text += 1
    with _lock:
        _compiling.pop(text, None)
        if program is not None:
            _remember(_by_text, text, program)
    return program


def _loaded(files: disk.Disk, text_name: str, in_tree: Any, out_tree: Any) -> Any:
    program = files.load(text_name, in_tree, out_tree)
    statistics.loaded += program is not None
    return program


def _shape(leaf: object) -> tuple[Any, ...]:
    weak = getattr(leaf, "weak_type", False)
    return tuple(getattr(leaf, "shape", ())), str(getattr(leaf, "dtype", type(leaf))), weak


def _lowered(
    build: Callable[[], Callable[..., Any]], args: tuple[Any, ...], placement: Placement
) -> Any:
    """A function traced until all that its trace reads are arguments; and what it reads besides."""
    outside = Outside()
    while True:
        function, values = build(), outside.current()

        @functools.wraps(function)
        def run(*given: Tree, function: Any = function) -> Any:
            own, more = (given, ()) if len(given) == len(args) else (given[:-1], given[-1])
            with outside.bind(more):
                return function(*own)

        more = (values,) if values else ()
        with held_back():  # a trace makes many objects, and most of them stay
            lowered = placement.jit(run, (*args, *more)).lower(*args, *more)
        statistics.traced += 1
        if outside.is_bound:
            return lowered, outside


class _Hits(threading.local):
    """How many programs JAX read for this thread from the cache that a user has set for it."""

    count = 0


@functools.cache
def _hits_of_jax() -> _Hits:
    hits = _Hits()

    def note(event: str, **_: str | int) -> None:
        hits.count += event == "/jax/compilation_cache/cache_hits"

    jax.monitoring.register_event_listener(note)
    return hits


def _compile(lowered: jax.stages.Lowered) -> Any:
    try:
        return lowered.compile()
    except jax.errors.JaxRuntimeError as error:
        # XLA leaves conversions of float16 to the processor, or to a library that it lacks.
        if "Failed to materialize symbols" not in str(error):
            raise
        if not re.search(r"[x<]f16>", lowered.as_text()):  # and not bf16
            raise
        raise RuntimeError(
            explain(
                "XLA cannot compile float16 for this processor.",
                expected="one with the F16C instructions, or another float type",
                fix="use 'mixed_bfloat16', 'bfloat16' or 'float32' as dtype policy.",
            )
        ) from error


def _remember(table: OrderedDict[Any, Any], key: Hashable, program: Callable[..., Any]) -> None:
    table[key] = program
    table.move_to_end(key)
    while len(table) > _MOST_PROGRAMS:
        table.popitem(last=False)
        statistics.forgotten += 1
        if statistics.forgotten % _FORGOTTEN_TOGETHER == 0:
            _give_memory_back()


def _give_memory_back() -> None:
    """Have glibc return what XLA's compiler has freed; by itself it keeps most of it."""
    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def clear() -> None:
    """Forget the programs of this process (those on disk stay)."""
    with _lock:
        _by_structure.clear()
        _by_text.clear()
