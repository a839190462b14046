"""Every argument of every public function, at values of the wrong kind.

Signatures say what is tried; `FITTING` has what the other arguments are meanwhile.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
from wrong_arguments import VALUES, Case, part_of

from rosenblatt.core.tracing import VALUE_ERRORS

sys.path.insert(0, str(Path(__file__).parents[1] / "ops"))
from op_cases import CASES

SECTIONS = (
    "ops", "activations", "losses", "metrics", "random", "utils", "tree", "saving", "config",
    "initializers", "regularizers", "constraints", "optimizers", "layers", "models",
    "dtype_policies", "backend",
)  # fmt: skip
COMPUTING = ("ops", "activations", "losses", "metrics", "random")
# They change the process, ask the network, write files or draw pictures: tried elsewhere.
LEFT_OUT = {
    "backend.clear_session", "utils.clear_session", "config.set_backend", "utils.get_file",
    "utils.set_random_seed", "utils.plot_model", "utils.save_img", "saving.save_model",
    "saving.save_weights", "models.save_model", "config.set_floatx", "config.set_epsilon",
    "config.set_image_data_format", "config.set_dtype_policy", "backend.set_floatx",
    "backend.set_epsilon", "backend.set_image_data_format", "backend.get_uid",
    "backend.result_type", "config.set_max_epochs", "config.set_max_steps_per_epoch",
    # A user's function meets it.
    "ops.scan.init", "ops.scan.xs", "ops.while_loop.loop_vars", "ops.fori_loop.init_val",
}  # fmt: skip
TARGETS = np.eye(3, dtype="float32")[[0, 1, 2, 0]]
PREDICTED = np.array(
    [[0.7, 0.2, 0.1], [0.3, 0.5, 0.2], [0.1, 0.4, 0.5], [0.3, 0.6, 0.1]], "float32"
)
CLASSES = np.array([0, 1, 2, 0], "int32")
_PLAIN: dict[str, Any] = {
    "x": PREDICTED, "y_true": TARGETS, "y_pred": PREDICTED, "inputs": PREDICTED, "shape": (2, 3),
    "structure": [1, 2], "a": [1, 2], "b": [3, 4], "shallow_structure": [1, 2],
    "flat_sequence": [1, 2], "threshold": 0.5, "default_value": 0.0, "q": 0.5, "alpha": 0.5,
    "beta": 0.5, "counts": 3, "probabilities": 0.5, "logits": PREDICTED, "num_samples": 2,
    "rate": 0.5, "minval": 0, "maxval": 5, "data": PREDICTED, "targets": CLASSES,
    "sequence_length": 2, "sequences": [[1, 2], [3]], "identifier": None, "name": "none",
    "dtype": "float32", "json_string": "{}", "filepath": "nowhere.keras", "dataset": PREDICTED,
    "left_size": 2, "seed": 1, "true_fn": abs, "false_fn": abs, "pred": True,
}  # fmt: skip
# … and what an object of the library stands for.
_MADE: dict[str, Callable[[Any], Any]] = {
    "model": lambda k: k.Sequential([k.Input((2,)), k.layers.Dense(1)]),
    "tensor": lambda k: k.Input((2,)),
    "config": lambda k: {"module": "keras.layers", "class_name": "Dense", "config": {"units": 2}},
    "activation": lambda k: k.activations.relu,
    "part": lambda k: None,
    "func": lambda k: abs,
    "obj": lambda k: k.layers.Dense(2),
}
_OWN: dict[str, dict[str, Any]] = {
    "losses.sparse_categorical_crossentropy": {"y_true": CLASSES},
    "metrics.sparse_categorical_crossentropy": {"y_true": CLASSES},
    "metrics.sparse_categorical_accuracy": {"y_true": CLASSES},
    "metrics.sparse_top_k_categorical_accuracy": {"y_true": CLASSES},
    "losses.circle": {"y_true": CLASSES},
    "losses.categorical_generalized_cross_entropy": {"y_true": CLASSES},
    "utils.to_categorical": {"x": CLASSES},
    "utils.split_dataset": {"left_size": 2},
    "utils.array_to_img": {"x": np.ones((2, 2, 1))},
    "utils.img_to_array": {"img": np.ones((2, 2))},
    "layers.dot": {"inputs": [PREDICTED, TARGETS]},
    "activations.glu": {"x": PREDICTED[:, :2]},
    **{
        f"layers.{name}": {"inputs": [PREDICTED, TARGETS]}
        for name in ("add", "average", "maximum", "minimum", "multiply", "subtract", "concatenate")
    },
}
_EACH = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _nothing(value: Any) -> None:
    """For programs, which return arrays only."""


def _is_function(one: Any) -> bool:
    return callable(one) and not isinstance(one, type)


def functions(library: Any, sections: Iterable[str] = SECTIONS) -> Iterator[str]:
    """The paths of the functions to try."""
    for section in sections:
        home = part_of(library, section)
        for name in sorted(dir(home)):
            path = f"{section}.{name}"
            if name[0].islower() and _is_function(getattr(home, name)) and path not in LEFT_OUT:
                yield path


def names(library: Any, path: str) -> list[str]:
    """The names of the arguments of a function; of an op those that are settings, not arrays."""
    parameters = inspect.signature(part_of(library, path)).parameters.values()
    of_op = path.startswith("ops.")
    return [
        p.name
        for p in parameters
        if p.kind not in _EACH
        and not (of_op and str(p.annotation).startswith("Array"))
        and f"{path}.{p.name}" not in LEFT_OUT
    ]


def fitting(library: Any, path: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Arguments that fit a function: those of its case, or of their names."""
    function = part_of(library, path)
    parameters = list(inspect.signature(function).parameters.values())
    name = path.rpartition(".")[2]
    if path.startswith("ops.") and name in CASES:
        args, kwargs = CASES[name]
        kinds = [p.kind for p in parameters]
        if _EACH[0] in kinds:  # as they are: what follows *args is given by name
            return tuple(args), dict(kwargs)
        return (), dict(zip((p.name for p in parameters), args, strict=False)) | kwargs
    own = _OWN.get(path, {})
    return (), {
        p.name: own[p.name] if p.name in own
        else _PLAIN[p.name] if p.name in _PLAIN else _MADE[p.name](library)
        for p in parameters
        if p.kind not in _EACH and (p.default is p.empty or p.name in _needed(path))
    }  # fmt: skip


def _needed(path: str) -> set[str]:
    """Names of arguments that have a default, and are given nevertheless."""
    return {*_OWN.get(path, {}), *(("seed",) if path.startswith("random.") else ())}


def called(library: Any, case: Case) -> Any:
    """Call a function with the wrong value."""
    args, kwargs = fitting(library, case.part)
    function = part_of(library, case.part)
    if args:
        place = list(inspect.signature(function).parameters).index(case.argument)
        if place < len(args) and not _before(function, case.argument):
            args = (*args[:place], VALUES[case.value](), *args[place + 1 :])
            return function(*args, **kwargs)
    return function(*args, **{**kwargs, case.argument: VALUES[case.value]()})


def call(library: Any, case: Case) -> None:
    """The same without compiling anything, where the function only computes."""
    if case.part.partition(".")[0] not in COMPUTING:
        called(library, case)
        return
    try:
        jax.eval_shape(lambda: _nothing(called(library, case)))
    except VALUE_ERRORS:
        called(library, case)


def _before(function: Any, name: str) -> bool:
    """Whether *args come before an argument."""
    kinds = [p.kind for p in inspect.signature(function).parameters.values()]
    return _EACH[0] in kinds and kinds.index(_EACH[0]) < list(
        inspect.signature(function).parameters
    ).index(name)
