"""The program in a SavedModel that `model.export` wrote, run by JAX."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
from jax import export as jax_export

from rosenblatt.core.errors import FileRefused, explain
from rosenblatt.core.loading import in_safe_mode
from rosenblatt.core.wire import within

PROTO = "saved_model.pb"
HEAD = "assets.extra/rosenblatt.jax"  # the program's types, without its code
NAMES = "assets.extra/rosenblatt.json"
_LARGEST_HEAD = 1 << 20  # bytes
# In saved_model.pb: graph, function library, functions, their nodes.
_NODES = (2, 2, 2, 1, 3)
# What a program may call beside its own operations; JAX also knows calls back into Python.
_SAFE_CALLS = ("shape_assertion", "Sharding", "mhlo.", "stablehlo.")


class Names(NamedTuple):
    """Names of a program's positional arguments, its inputs and its outputs, in order."""

    arguments: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


class SavedProgram:
    """A compiled program with its names. Copies and pickles hold the program, not its place.

    Args:
        head: JAX's description of the program, without the code.
        code: StableHLO.
        names: of what it takes and gives.
        place: where it was read, for messages.

    Raises:
        FileRefused: not a program of this library, a damaged one, or one that calls what could run
            Python code.
    """

    def __init__(self, head: bytes, code: bytes, names: Names, place: str):
        self._state = (head, code, names, place)
        self.names = names
        self.place = place
        try:
            types = jax_export.deserialize(bytearray(head))
            calls = _calls(code) if in_safe_mode() else []
        except Exception as error:  # JAX raises many kinds for damaged bytes
            raise _unreadable(place, str(error).splitlines()[0] if str(error) else "") from error
        if calls:
            raise FileRefused(
                f"The SavedModel {place!r} calls {calls[0]!r}, which is more than arithmetic.",
                fix="if you trust the file, `config.enable_unsafe_deserialization()` first.",
            )
        self.program = dataclasses.replace(types, mlir_module_serialized=code)
        fits = len(names.inputs) == len(types.in_avals) and len(names.outputs) == len(
            types.out_avals
        )
        if not fits or types.nr_devices != 1:
            raise _unreadable(place, "the names do not fit the program")

    def __getstate__(self) -> Any:
        return self._state

    def __setstate__(self, state: Any) -> None:
        self.__init__(*state)  # type: ignore[misc]

    @property
    def takes(self) -> Sequence[Any]:
        """Shapes and dtypes of its inputs, in order."""
        return self.program.in_avals

    def structure(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Its arguments by place and by name, with the number of an input for each array."""
        return jax.tree_util.tree_unflatten(self.program.in_tree, range(len(self.takes)))


def read_saved_model(folder: str | Path) -> SavedProgram:
    """The program in a folder that `model.export` wrote.

    Nothing in it is run. Of TensorFlow's file only the program is read.

    Args:
        folder: the SavedModel.

    Raises:
        FileNotFoundError: no such folder, or no SavedModel in it.
        FileRefused: one that another program wrote, or that is damaged.
    """
    place = Path(folder)
    if not (place / PROTO).is_file():
        raise FileNotFoundError(
            explain(
                f"There is no SavedModel at {str(folder)!r}.",
                expected=f"a folder with {PROTO}",
                fix="write one with `model.export(folder)`; a `.keras` file is for `load_model`.",
            )
        )
    head, names = place / HEAD, place / NAMES
    if not head.is_file() or not names.is_file():
        raise FileRefused(
            f"The SavedModel {str(folder)!r} was not written by rosenblatt: it holds "
            "operations of TensorFlow, which JAX cannot run.",
            fix="load it in TensorFlow; or load the `.keras` file of the same model here.",
        )
    if max(head.stat().st_size, names.stat().st_size) > _LARGEST_HEAD:
        raise _unreadable(str(folder), "more names and types than a model can have")
    parts = head.read_bytes(), _code((place / PROTO).read_bytes(), str(folder))
    return SavedProgram(*parts, _names(names.read_bytes(), parts, str(folder)), str(folder))


def names_file(names: Names, head: bytes, code: bytes) -> bytes:
    """The file of a program's names, with a checksum of the program."""
    return json.dumps({**names._asdict(), "sha256": _checksum(head, code)}).encode()


def _checksum(head: bytes, code: bytes) -> str:
    return hashlib.sha256(head + code).hexdigest()


def _code(content: bytes, place: str) -> bytes:
    """The StableHLO of the one operation that has some."""
    try:
        for node in within(content, *_NODES):
            if next(within(node, 2), b"") != b"XlaCallModule":
                continue
            for entry in within(node, 5):
                if next(within(entry, 1), b"") == b"module":
                    return bytes(next(within(entry, 2, 2)))
    except (ValueError, StopIteration) as error:
        raise _unreadable(place, str(error)) from error
    raise _unreadable(place, "no program in it")


def _names(content: bytes, parts: tuple[bytes, bytes], place: str) -> Names:
    """The names, where the program is the one that they were written for.

    The checksum finds damage, on which JAX's own reader may crash.
    """
    try:
        found = json.loads(content)
        lists = [found[key] for key in Names._fields]
        checksum = found["sha256"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise _unreadable(place, f"{NAMES}: {type(error).__name__}") from error
    if not all(isinstance(one, list) and all(isinstance(n, str) for n in one) for one in lists):
        raise _unreadable(place, "names that are not text")
    if checksum != _checksum(*parts):
        raise _unreadable(place, "another program than was written, by its checksum")
    return Names(*map(tuple, lists))


def _calls(code: bytes) -> list[str]:
    """What a program calls outside of StableHLO that is not known to be safe."""
    from jax.extend.mlir import ir  # takes 60 ms
    from jax.extend.mlir.dialects import stablehlo

    found: list[str] = []

    def look(operation: Any) -> Any:
        dialect = operation.name.partition(".")[0]
        if operation.name == "stablehlo.custom_call":
            target = ir.StringAttr(operation.attributes["call_target_name"]).value
            if not target.startswith(_SAFE_CALLS):
                found.append(target)
        elif dialect not in ("stablehlo", "func", "builtin", "chlo", "sdy"):
            found.append(operation.name)
        return ir.WalkResult.ADVANCE

    with ir.Context() as context:
        context.attach_diagnostic_handler(lambda _: True)  # the exception says what is wrong
        stablehlo.register_dialect(context)
        module = stablehlo.deserialize_portable_artifact(context, code)
        module.operation.walk(look)
    return found


def _unreadable(place: str, why: str) -> FileRefused:
    return FileRefused(
        f"The SavedModel {place!r} cannot be read.",
        given=why or None,
        fix="it is damaged, or was written with a much older or newer JAX: export it again.",
    )
