"""Every argument of every public class, at values of the wrong kind.

The cases follow from signatures: what is added to the library is tried without a change here.
"""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

SECTIONS = (
    "layers", "losses", "metrics", "optimizers", "optimizers.schedules", "initializers",
    "regularizers", "constraints", "callbacks", "random", "utils", "dtype_policies",
)  # fmt: skip
# Made again for each call: a list that a class keeps must not be another's.
VALUES: dict[str, Callable[[], Any]] = {
    "a word": lambda: "no such",
    "an empty word": lambda: "",
    "bytes": lambda: b"x",
    "None": lambda: None,
    "True": lambda: True,
    "0": lambda: 0,
    "3": lambda: 3,
    "-1": lambda: -1,
    "0.5": lambda: 0.5,
    "-0.5": lambda: -0.5,
    "1e30": lambda: 1e30,
    "NaN": lambda: float("nan"),
    "infinity": lambda: float("inf"),
    "1j": lambda: 1j,
    "[]": list,
    "()": tuple,
    "{}": dict,
    "(1,)": lambda: (1,),
    "(1, 2, 3)": lambda: (1, 2, 3),
    "[None]": lambda: [None],
    "['a']": lambda: ["a"],
    "{'a': 1}": lambda: {"a": 1},
    "an array": lambda: np.ones((2, 2)),
    "an object": object,
    "a class": lambda: int,
    "a function": lambda: _function,
}
# Names are kept by their order here, one letter each.
LETTERS = dict(zip(VALUES, "abcdefghijklmnopqrstuvwxyz", strict=True))
LAYER_ARGUMENTS = ("name", "trainable", "dtype", "activity_regularizer")
OPTIMIZER_ARGUMENTS = ("learning_rate", "name")


def _function(*args: Any) -> None:
    return None


def _folder(name: str) -> str:
    return str(Path(tempfile.gettempdir()) / "wrong_arguments" / name)


# Arguments that must be given: for each name, or class and name, a value that fits.
FITTING: dict[str, Callable[[Any], Any]] = {
    "activation": lambda k: "tanh",
    "rate": lambda k: 0.5,
    "units": lambda k: 2,
    "axes": lambda k: 1,
    "equation": lambda k: "ab,bc->ac",
    "output_shape": lambda k: 2,
    "input_dim": lambda k: 5,
    "output_dim": lambda k: 2,
    "stddev": lambda k: 0.5,
    "head_dim": lambda k: 2,
    "num_query_heads": lambda k: 2,
    "num_key_value_heads": lambda k: 2,
    "num_heads": lambda k: 2,
    "key_dim": lambda k: 2,
    "num_bins": lambda k: 4,
    "function": lambda k: _function,
    "dims": lambda k: (2, 1),
    "layers": lambda k: [k.layers.Dense(2)],
    "layer": lambda k: k.layers.Dense(2),
    "n": lambda k: 2,
    "scale": lambda k: 2.0,
    "target_shape": lambda k: (2, 2),
    "num_classes": lambda k: 3,
    "target_class_ids": lambda k: [1],
    "fn": lambda k: k.losses.mean_squared_error,
    "recall": lambda k: 0.5,
    "precision": lambda k: 0.5,
    "specificity": lambda k: 0.5,
    "sensitivity": lambda k: 0.5,
    "inner_optimizer": lambda k: k.optimizers.SGD(),
    "default_optimizer": lambda k: k.optimizers.SGD(),
    "learning_rate": lambda k: 0.1,
    "initial_learning_rate": lambda k: 0.1,
    "decay_steps": lambda k: 10,
    "first_decay_steps": lambda k: 10,
    "decay_rate": lambda k: 0.5,
    "boundaries": lambda k: [10],
    "values": lambda k: [0.1, 0.2],
    "backup_dir": lambda k: _folder("backup"),
    "filename": lambda k: _folder("log.csv"),
    "schedule": lambda k: _function,
    "filepath": lambda k: _folder("model.keras"),
    "custom_objects": lambda k: {},
    "features": lambda k: {"a": "float"},
    "target": lambda k: 3,
}
# Arguments of which a class needs one.
NEEDED: dict[str, dict[str, Any]] = {
    "layers.CategoryEncoding": {"num_tokens": 4},
    "layers.Discretization": {"num_bins": 4},
}
# Classes that cannot be made from such values, and arguments that are tried elsewhere.
LEFT_OUT = {
    "layers.TFSMLayer": "reads a file",
    "layers.Layer": "a user's class",
    "layers.InputLayer": "its arguments exclude each other; in mistakes_in_parts.py",
    "layers.InputSpec": "a note, which a layer reads",
    "optimizers.MultiOptimizer": "needs a map",
    "random.SeedGenerator.name": "only a name",
}


class Case(NamedTuple):
    """An argument of a class at one value."""

    part: str
    argument: str
    value: str


def part_of(library: Any, path: str) -> Any:
    """A class by its path, "layers.Dense"."""
    for name in path.split("."):
        library = getattr(library, name)
    return library


def required(library: Any, path: str) -> dict[str, Any]:
    """Values for the arguments that must be given."""
    parameters = inspect.signature(part_of(library, path)).parameters.values()
    return NEEDED.get(path, {}) | {
        p.name: FITTING[p.name](library)
        for p in parameters
        if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    }


def classes(library: Any) -> Iterator[str]:
    """The paths of the classes to try."""
    for section in SECTIONS:
        home = part_of(library, section)
        for name in sorted(dir(home)):
            path = f"{section}.{name}"
            is_class = name[0].isupper() and isinstance(getattr(home, name), type)
            if is_class and path not in LEFT_OUT:
                yield path


def arguments(library: Any, path: str) -> list[str]:
    """The names of the arguments of a class, those that all of its kind have among them."""
    cls = part_of(library, path)
    parameters = inspect.signature(cls).parameters.values()
    own = [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    shared: tuple[str, ...] = ()
    if path.startswith("layers."):
        shared = LAYER_ARGUMENTS
    elif path.startswith("optimizers.") and "Map" not in path and path.count(".") == 1:
        shared = OPTIMIZER_ARGUMENTS
    return [name for name in dict.fromkeys([*own, *shared]) if f"{path}.{name}" not in LEFT_OUT]


def make(library: Any, case: Case) -> Any:
    """An object with the wrong value."""
    cls = part_of(library, case.part)
    given = required(library, case.part)
    return cls(**{**given, case.argument: VALUES[case.value]()})
