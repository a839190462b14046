"""The messages of a TensorFlow SavedModel, by TensorFlow's numbers of fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rosenblatt.core.types import Tree
from rosenblatt.core.wire import entries, message

_TYPES = {
    "float32": 1, "float64": 2, "int32": 3, "uint8": 4, "int16": 5, "int8": 6, "int64": 9,
    "bool": 10, "bfloat16": 14, "uint16": 17, "float16": 19, "uint32": 22, "uint64": 23,
}  # fmt: skip


class Tensor(NamedTuple):
    """What is known of a tensor: its name, its shape (None where any size will do), its dtype."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str

    @property
    def type(self) -> int:
        """TensorFlow's number of the dtype."""
        return _TYPES[self.dtype]

    @property
    def sizes(self) -> bytes:
        """A TensorShapeProto."""
        return message(*((2, message((1, -1 if n is None else n))) for n in self.shape))


def types(tensors: Sequence[Tensor]) -> bytes:
    """An attribute that is a list of dtypes."""
    return message((1, message(*((6, tensor.type) for tensor in tensors))))


def shapes(tensors: Sequence[Tensor]) -> bytes:
    """An attribute that is a list of shapes."""
    return message((1, message(*((7, tensor.sizes) for tensor in tensors))))


def node(name: str, op: str, inputs: Sequence[str], attributes: Mapping[str, bytes]) -> bytes:
    """A NodeDef."""
    reads = [(3, one) for one in inputs]
    return message((1, name), (2, op), *reads, *entries(5, dict(attributes)))


def call_of(function: str, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> dict[str, bytes]:
    """The attributes of a node that calls a function."""
    return {
        "f": message((10, message((1, function)))),
        "Tin": types(inputs),
        "Tout": types(outputs),
        "_output_shapes": shapes(outputs),
    }


def function(
    name: str, inputs: Sequence[Tensor], outputs: Sequence[Tensor], nodes: Sequence[bytes],
    returns: Sequence[str],
) -> bytes:  # fmt: skip
    """A FunctionDef. Its arguments are called `in_0`, `in_1` …, its results `out_0`, `out_1` …

    Args:
        name: its name in the library.
        inputs, outputs: what it takes and gives.
        nodes: its NodeDefs.
        returns: for each result, the tensor inside.
    """
    taken = [(2, message((1, f"in_{i}"), (3, one.type))) for i, one in enumerate(inputs)]
    given = [(3, message((1, f"out_{i}"), (3, one.type))) for i, one in enumerate(outputs)]
    signature = message((1, name), *taken, *given, (17, 1))  # stateful: it is not computed apart
    results = [(4, message((1, f"out_{i}"), (2, inside))) for i, inside in enumerate(returns)]
    told = []
    for place, one in enumerate(inputs):
        known = {"_output_shapes": shapes([one]), "_user_specified_name": message((2, one.name))}
        told.append((7, message((1, place), (2, message(*entries(1, known))))))
    return message((1, signature), *((3, one) for one in nodes), *results, *told)


def structure(tree: Tree) -> bytes:
    """A StructuredValue: a nest of tensors, text and None in lists, tuples and dicts."""
    if isinstance(tree, Tensor):
        return message((33, message((1, tree.name), (2, tree.sizes), (3, tree.type))))
    if tree is None:
        return message((1, b""))
    if isinstance(tree, str):
        return message((13, tree))
    if isinstance(tree, Mapping):
        return message((53, message(*entries(1, {k: structure(v) for k, v in tree.items()}))))
    number = 52 if isinstance(tree, tuple) else 51
    return message((number, message(*((1, structure(one)) for one in tree))))


def argument_names(positional: Sequence[str], by_name: Sequence[str], signature: Tree) -> bytes:
    """A FunctionSpec: the arguments of the Python function that a SavedModel's function stands for.

    Args:
        positional, by_name: names of the arguments.
        signature: what each of the positional ones takes, or None.
    """
    said: dict[str, Any] = {
        "args": list(positional), "varargs": None, "varkw": None, "defaults": None,
        "kwonlyargs": list(by_name), "kwonlydefaults": None, "annotations": {},
    }  # fmt: skip
    pairs = [(2, message((1, key), (2, structure(value)))) for key, value in said.items()]
    named = message((1, "FullArgSpec"), *pairs)
    return message((1, message((54, named))), (5, structure(signature)))


def tensor_infos(tensors: Mapping[str, tuple[str, Tensor]]) -> list[bytes]:
    """The entries of a signature: what a name means in the graph."""
    return [
        message((1, key), (2, message((1, place), (2, one.type), (3, one.sizes))))
        for key, (place, one) in tensors.items()
    ]
