"""Compiled programs: found again for models of the same structure, and kept on disk.

A program is looked up first by the structure of its model (nothing is traced), then by the text of
the traced function (nothing is compiled), then in XLA's cache on disk.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np

from rosenblatt.core import config
from rosenblatt.core.errors import explain
from rosenblatt.core.forking import refuse_forked
from rosenblatt.core.scope import Outside
from rosenblatt.core.tracing import traced_settings
from rosenblatt.core.types import Tree
from rosenblatt.training.placement import HERE, Placement

_MOST_PROGRAMS = 40  # some 3 MB each; a model in use keeps its own
_FORGOTTEN_TOGETHER = 16
_DEFAULT_CACHE_BYTES = 512 << 20


@dataclass
class Statistics:
    """How programs were come by: compiled (by XLA or read from disk), or found in this process."""

    compiled: int = 0
    reused_by_structure: int = 0
    reused_by_text: int = 0
    forgotten: int = 0  # entries of the two tables


statistics = Statistics()
_by_structure: OrderedDict[Any, Any] = OrderedDict()
_by_text: OrderedDict[str, Any] = OrderedDict()
_lock = threading.Lock()
_compiling: dict[str, threading.Lock] = {}
_disk_cache_ready = False


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
    shapes = tuple(_shape(leaf) for leaf in leaves)
    full_key = None if key is None else (
        traced_settings(), placement.key, key, structure, shapes,
    )  # fmt: skip
    if full_key is not None:
        with _lock:
            if full_key in _by_structure:
                _by_structure.move_to_end(full_key)
                statistics.reused_by_structure += 1
                return _by_structure[full_key]
    _prepare_disk_cache()
    refuse_forked()
    lowered, outside = _lowered(build, args, placement)
    described = f"{placement.key}{lowered.in_tree}{lowered.out_tree}{lowered.as_text()}"
    text = hashlib.sha256(described.encode()).hexdigest()
    with _lock:
        guard = _compiling.setdefault(text, threading.Lock())
    with guard:  # threads that want the same program wait for one compilation
        program = _by_text.get(text)
        if program is None:
            program = _compile(lowered)
            statistics.compiled += 1
        else:
            statistics.reused_by_text += 1
    with _lock:
        _compiling.pop(text, None)
        _remember(_by_text, text, program)
        if full_key is not None and not outside.found:
            _remember(_by_structure, full_key, program)
    return WithOutside(program, outside) if outside.found else program


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
        lowered = placement.jit(run).lower(*args, *more)
        if outside.is_bound:
            return lowered, outside


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


def disk_cache_dir() -> Path | None:
    """The folder of programs on disk, or None where it is switched off.

    `ROSENBLATT_PROGRAM_CACHE=0` switches it off; `ROSENBLATT_CACHE_DIR` moves it.
    """
    if os.environ.get("ROSENBLATT_PROGRAM_CACHE", "1").lower() in ("0", "off", "false", "no"):
        return None
    return config.cache_dir() / "programs"


def _prepare_disk_cache() -> None:
    """Point XLA's cache at our folder, unless the user has set one of their own."""
    global _disk_cache_ready
    with _lock:
        if _disk_cache_ready:
            return
        _disk_cache_ready = True
        folder = disk_cache_dir()
        if folder is None or getattr(jax.config, "jax_compilation_cache_dir", None):
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:  # a read-only home: there is no disk cache then
            return
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
        limit = int(os.environ.get("ROSENBLATT_PROGRAM_CACHE_BYTES", _DEFAULT_CACHE_BYTES))
        # Nobody waits for it: looking at some thousand files takes longer than reading a program.
        threading.Thread(target=trim, args=(folder, limit), daemon=True).start()


def trim(folder: Path, limit: int) -> int:
    """Remove the programs that were not used for longest until the folder is within its limit.

    Args:
        folder: the folder of programs.
        limit: bytes.

    Returns:
        Bytes left.
    """
    entries = []
    try:
        paths = list(folder.iterdir())
    except OSError:
        return 0
    for path in paths:
        try:
            stat = path.stat()
        except OSError:
            continue
        entries.append((max(stat.st_atime, stat.st_mtime), stat.st_size, path))
    total = sum(size for _, size, _ in entries)
    for _, size, path in sorted(entries):
        if total <= limit:
            break
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
            total -= size
    return total
