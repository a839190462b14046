"""A TensorFlow SavedModel, written without TensorFlow.

It holds one operation, `XlaCallModule`: the model's compiled program in StableHLO, weights and all,
which TensorFlow has XLA run. Around it stand two functions: `serve`, which takes and gives what the
model does, and the signature "serving_default", which takes and gives tensors by name.

What JAX needs besides to run the program itself stands in `assets.extra`, where TensorFlow leaves
files of others alone: `layers.TFSMLayer` reads it.
"""

from __future__ import annotations

import base64
import dataclasses
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jax.export import Exported

from rosenblatt.core.errors import BadArgument, NotSavable
from rosenblatt.core.symbolic import tree_map
from rosenblatt.core.types import Tree
from rosenblatt.core.wire import entries, message
from rosenblatt.layers.saved_program import HEAD, NAMES, PROTO, Names, names_file
from rosenblatt.saving.export.prediction import Prediction
from rosenblatt.saving.export.program import compiled_program
from rosenblatt.saving.export.tensorflow_messages import (
    Tensor,
    argument_names,
    call_of,
    function,
    node,
    shapes,
    structure,
    tensor_infos,
    types,
)

_SERVE, _SIGNATURE = "__inference_serve", "__inference_signature_wrapper"
_PRODUCER = 2474  # of graphs: TensorFlow 2.21
_LARGEST = 2**31 - 1  # bytes of a message


# The weights are constants of the program, so the checkpoint that belongs to a SavedModel holds no
# variable: these are the files that TensorFlow 2.21 writes then, the same for every model.
_EMPTY_CHECKPOINT = {
    "variables.data-00000-of-00001": "BGJR65YKAioA",
    "variables.index": (
        "AAAGCAEaAggBABwLX0NIRUNLUE9JTlRBQkxFX09CSkVDVF9HUkFQSAgHEgAoCTXfEgTfAAAAAAEAAAAAr65uogAA"
        "AAABAAAAAMDyobAAAQJgADsAAAAAAQAAAABE9sFJQAhNDgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        "AAAAAFf7gIskdUfb"
    ),
}


class Interface(NamedTuple):
    """What a SavedModel takes and gives.

    Args:
        args, kwargs: of the call, nests of tensors.
        inputs: the tensors among them, in order.
        returned: what it gives, a nest of tensors.
        outputs: the tensors in it, in order.
        argument_names: of `args`.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    inputs: list[Tensor]
    returned: Any
    outputs: list[Tensor]
    argument_names: tuple[str, ...]


def export_saved_model(prediction: Prediction, path: Path) -> None:
    """Write a folder with `serve` for any number of rows.

    Raises:
        NotSavable: a layer that a program cannot hold; more than 2 GB.
        BadArgument: a path that is taken.
    """
    program = compiled_program(prediction, "tf_saved_model", flat=False)
    if path.exists() and not (path / PROTO).is_file():
        raise BadArgument(
            f"export: {str(path)!r} already exists and is not a SavedModel.",
            fix="remove it first, or name another place.",
        )
    interface = _interface(prediction, program)
    proto = _saved_model(program, interface)
    if len(proto) > _LARGEST:
        raise NotSavable(
            f"export: model {prediction.model.name!r} is too large for a SavedModel.",
            given=f"{len(proto):,} bytes",
            expected="less than 2 GB",
            fix='use format "stablehlo".',
        )
    names = Names(prediction.argument_names, prediction.input_names, prediction.output_names)
    head = bytes(dataclasses.replace(program, mlir_module_serialized=b"").serialize())
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        part, old = Path(folder) / "model", Path(folder) / "old"
        (part / HEAD).parent.mkdir(parents=True)
        (part / "variables").mkdir()
        (part / PROTO).write_bytes(proto)
        for name, content in _EMPTY_CHECKPOINT.items():
            (part / "variables" / name).write_bytes(base64.b64decode(content))
        (part / HEAD).write_bytes(head)
        code = program.mlir_module_serialized
        (part / NAMES).write_bytes(names_file(names, head, code))
        part.chmod(0o755)
        if path.exists():
            path.rename(old)
        part.rename(path)  # whole or not at all


def _interface(prediction: Prediction, program: Exported) -> Interface:
    def sizes(shape: Sequence[Any]) -> tuple[int | None, ...]:
        return tuple(size if isinstance(size, int) else None for size in shape)

    taken = zip(prediction.input_names, prediction.inputs, program.in_avals, strict=True)
    # A program computes with 32 bits; TensorFlow casts what the model takes in 64.
    inputs = [
        Tensor(name, sizes(aval.shape), one.dtype if "64" in one.dtype else aval.dtype.name)
        for name, one, aval in taken
    ]
    given = zip(prediction.output_names, program.out_avals, strict=True)
    outputs = [Tensor(name, sizes(aval.shape), aval.dtype.name) for name, aval in given]
    args, kwargs = prediction.filled(inputs)
    made = {id(symbol): tensor for symbol, tensor in zip(prediction.outputs, outputs, strict=True)}
    returned = tree_map(lambda symbol: made[id(symbol)], prediction.returned)
    return Interface(args, kwargs, inputs, returned, outputs, prediction.argument_names)


def _saved_model(program: Exported, io: Interface) -> bytes:
    """The file `saved_model.pb`."""
    info = message((4, "serve"), (5, "2.21.0"), (7, 1))
    meta = message(
        (1, info),
        (2, _graph(program, io)),
        *((5, entry) for entry in _signatures(io)),
        (7, _objects(io)),
    )
    return message((1, 1), (2, meta))


def _by_name(tensors: Sequence[Tensor]) -> list[Tensor]:
    return sorted(tensors, key=lambda tensor: tensor.name)


def _graph(program: Exported, io: Interface) -> bytes:
    """The graph: a placeholder for each input, a call, and the functions that it needs."""
    inputs, outputs = _by_name(io.inputs), _by_name(io.outputs)
    nodes = [
        node(
            _placeholder(place),
            "Placeholder",
            [],
            {
                "dtype": message((6, one.type)),
                "shape": message((7, one.sizes)),
                "_output_shapes": shapes([one]),
            },
        )
        for place, one in enumerate(inputs)
    ]
    reads = [_placeholder(place) for place in range(len(inputs))]
    call = call_of(_SIGNATURE, inputs, outputs)
    nodes.append(node("StatefulPartitionedCall", "StatefulPartitionedCall", reads, call))
    library = message((1, _serve(program, io)), (1, _signature_function(io)))
    versions = message((1, _PRODUCER), (2, 12))
    return message(*((1, one) for one in nodes), (2, library), (4, versions))


def _placeholder(place: int) -> str:
    return f"serving_default_{place}"


def _serve(program: Exported, io: Interface) -> bytes:
    """The function that runs the program."""
    nodes, reads, kept = [], [], []
    for place in program.module_kept_var_idx:
        given, dtype = io.inputs[place], program.in_avals[place].dtype.name
        kept.append(given._replace(dtype=dtype))
        reads.append(f"in_{place}")
        if given.dtype != dtype:
            kinds = {"SrcT": given.type, "DstT": kept[-1].type}
            attributes = {key: message((6, kind)) for key, kind in kinds.items()}
            nodes.append(node(f"cast_{place}", "Cast", [f"in_{place}"], attributes))
            reads[-1] = f"cast_{place}:y:0"
    platforms = message((1, message(*((2, one.upper()) for one in program.platforms))))
    run = node(
        "XlaCallModule",
        "XlaCallModule",
        reads,
        {
            "module": message((2, program.mlir_module_serialized)),
            "version": message((3, program.calling_convention_version)),
            "platforms": platforms,
            "use_shardy_partitioner": message((5, 1)),
            "Tin": types(kept),
            "Tout": types(io.outputs),
            "Sout": shapes(io.outputs),
            "_output_shapes": shapes(io.outputs),
        },
    )
    results = [f"XlaCallModule:output:{place}" for place in range(len(io.outputs))]
    return function(_SERVE, io.inputs, io.outputs, [*nodes, run], results)


def _signature_function(io: Interface) -> bytes:
    """The function of the signature: tensors in the order of their names, around the other one."""
    inputs, outputs = _by_name(io.inputs), _by_name(io.outputs)
    reads = [f"in_{inputs.index(one)}" for one in io.inputs]
    call = call_of(_SERVE, io.inputs, io.outputs)
    run = node("call", "StatefulPartitionedCall", reads, call)
    results = [f"call:output:{io.outputs.index(one)}" for one in outputs]
    return function(_SIGNATURE, inputs, outputs, [run], results)


def _signatures(io: Interface) -> list[bytes]:
    """The signature "serving_default", as programs without Python find it."""
    taken = {
        one.name: (f"{_placeholder(place)}:0", one) for place, one in enumerate(_by_name(io.inputs))
    }
    given = {
        one.name: (f"StatefulPartitionedCall:{place}", one)
        for place, one in enumerate(_by_name(io.outputs))
    }
    found = message(
        *((1, entry) for entry in tensor_infos(taken)),
        *((2, entry) for entry in tensor_infos(given)),
        (3, "tensorflow/serving/predict"),
    )
    return [content for _, content in entries(5, {"serving_default": found})]


def _objects(io: Interface) -> bytes:
    """The Python objects that `tf.saved_model.load` makes: one with `serve` and `signatures`."""
    by_name = [one.name for one in _by_name(io.inputs)]
    spec = argument_names(io.argument_names, sorted(io.kwargs), None)
    bare = message(
        (1, _SIGNATURE),
        *((2, name) for name in by_name),
        (4, argument_names([], by_name, None)),
    )
    root = _user("_generic_user_object")
    nodes = [
        message((1, _child(1, "serve")), (1, _child(2, "signatures")), (4, root)),
        message((6, message((1, _SERVE), (2, spec)))),
        message((1, _child(3, "serving_default")), (4, _user("signature_map"))),
        message((8, bare)),
    ]
    functions = {
        _SERVE: _concrete((io.args, io.kwargs), io.returned),
        _SIGNATURE: _concrete(
            ((), {one.name: one for one in io.inputs}), {one.name: one for one in io.outputs}
        ),
    }
    return message(*((1, one) for one in nodes), *entries(2, functions))


def _child(number: int, name: str) -> bytes:
    return message((1, number), (2, name))


def _user(identifier: str) -> bytes:
    return message((1, identifier), (2, message((1, 1), (2, 1))))


def _concrete(takes: Tree, gives: Tree) -> bytes:
    return message((3, structure(takes)), (4, structure(gives)))
