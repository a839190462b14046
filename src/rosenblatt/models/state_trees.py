"""The state of a model as nested dicts, by the paths of its variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rosenblatt.core.errors import BadArgument, nearest
from rosenblatt.core.variable import Variable, moving_together

if TYPE_CHECKING:
    from rosenblatt.models.trainer import Trainer

_FORMATS = ("backend_tensor", "numpy_array")


def state_tree(model: Trainer, value_format: str) -> dict[str, Any]:
    """The values of a model's variables, its optimizer's and its metrics'.

    Args:
        model: the model.
        value_format: "backend_tensor" for JAX arrays, "numpy_array" for NumPy's.

    Raises:
        BadArgument: another format; two variables of one path.
    """
    if value_format not in _FORMATS:
        raise BadArgument(
            "get_state_tree: invalid `value_format`.",
            given=repr(value_format),
            expected=" or ".join(map(repr, _FORMATS)),
        )
    as_numpy = value_format == "numpy_array"
    return {name: _nested(_by_path(held), as_numpy) for name, held in _groups_of(model).items()}


def set_state_tree(model: Trainer, tree: Mapping[str, Any]) -> None:
    """Give variables the values of a state tree; what the tree leaves out keeps its value.

    Args:
        model: the model.
        tree: what `state_tree` gives, or parts of it.

    Raises:
        BadArgument: an unknown group; a path that the model does not have; another shape.
    """
    groups = _groups_of(model)
    pairs: list[tuple[Variable, Any]] = []
    for name, values in tree.items():
        if name not in groups:
            raise BadArgument(f"set_state_tree: unknown group {name!r}.", fix=nearest(name, groups))
        known = _by_path(groups[name])
        for path, value in _flat(values):
            if path not in known:
                raise BadArgument(
                    f"set_state_tree: model {model.name!r} has no variable {path!r} among its "
                    f"{name}.",
                    fix=nearest(path, known),
                )
            if tuple(np.shape(value)) != known[path].shape:
                raise BadArgument(
                    f"set_state_tree: variable {path!r} has another shape.",
                    given=tuple(np.shape(value)),
                    expected=known[path].shape,
                )
            pairs.append((known[path], value))
    with moving_together:
        for variable, value in pairs:
            variable.assign(value)


def _groups_of(model: Trainer) -> dict[str, Sequence[Variable]]:
    optimizer = model.optimizer
    return {
        "trainable_variables": model.trainable_variables,
        "non_trainable_variables": model.non_trainable_variables,
        "optimizer_variables": [] if optimizer is None else optimizer.variables,
        "metrics_variables": model.metrics_variables,
    }


def _by_path(variables: Sequence[Variable]) -> dict[str, Variable]:
    found: dict[str, Variable] = {}
    for variable in variables:
        if variable.path in found:
            raise BadArgument(
                f"Two variables of the model have the path {variable.path!r}, so the path is "
                "found twice in its state tree.",
                fix="give each layer a `name=` of its own.",
            )
        found[variable.path] = variable
    return found


def _nested(variables: Mapping[str, Variable], as_numpy: bool) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, variable in variables.items():
        *outer, last = path.split("/")
        branch = tree
        for part in outer:
            branch = branch.setdefault(part, {})
        branch[last] = variable.numpy() if as_numpy else variable.value
    return tree


def _flat(tree: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        path = f"{before}{name}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}/")
        else:
            yield path, value
