"""KerasFileEditor: look at the weights in a file, compare them with a model, and change them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

import numpy as np

from rosenblatt.core.errors import BadArgument, nearest
from rosenblatt.core.files import atomic_write
from rosenblatt.core.printing import say
from rosenblatt.core.types import ArrayLike, PathLike
from rosenblatt.saving.archive import open_archive, open_member, read_config, read_metadata
from rosenblatt.saving.contract import Model
from rosenblatt.saving.file_kinds import require_file
from rosenblatt.saving.hdf5_read import open_weights
from rosenblatt.saving.hdf5_write import WeightsWriter
from rosenblatt.saving.saved_parts import saved_parts
from rosenblatt.saving.weights import gather_weights

Tree = dict[str, Any]


class KerasFileEditor:
    """The weights of a `.keras` or `.weights.h5` file, to be read, compared, changed and saved.

    Args:
        filepath: the file.

    Attributes:
        weights_dict: the objects by name, nested as in the file, and their weights by number.
        config, metadata: of a `.keras` file; None of others.

    Raises:
        BadArgument: another ending.
        FileRefused: a damaged file.

    >>> import tempfile
    >>> import rosenblatt as rb
    >>> model = rb.Sequential([rb.Input((2,)), rb.layers.Dense(1, name="out")])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save_weights(f"{folder}/a.weights.h5")
    ...     KerasFileEditor(f"{folder}/a.weights.h5").compare(model)["match_count"]
    Comparison successful: 2 matching weights.
    2
    """

    def __init__(self, filepath: PathLike):
        path = self.filepath = os.fspath(filepath)
        self.config: dict[str, Any] | None = None
        self.metadata: dict[str, Any] | None = None
        if not path.endswith((".keras", ".weights.h5")):
            raise BadArgument(
                "KerasFileEditor: invalid filename.",
                given=repr(path),
                expected="one that ends in `.keras` or `.weights.h5`",
            )
        require_file(path, "KerasFileEditor")
        source: str | BinaryIO = path
        if path.endswith(".keras"):
            with open_archive(path) as archive:
                self.config = read_config(archive, path)
                self.metadata = read_metadata(archive, path)
                source = open_member(archive, path)
        self.weights_dict: Tree = {}
        with open_weights(source, repr(path)) as reader:
            for group, arrays in reader.groups.items():
                if arrays:
                    values = {name: saved.read() for name, saved in arrays.items()}
                    _branch(self.weights_dict, _names(group), make=True).update(values)

    def summary(self) -> None:
        """Print the objects of the file, with the shapes of their weights."""
        say(f"Weights of {self.filepath!r}")
        for path, value in _flat(self.weights_dict):
            say(f"    {path}: {value.dtype} {value.shape}")

    def compare(self, reference_model: Model) -> dict[str, Any]:
        """Print what differs between the file and a model.

        Args:
            reference_model: a built model.

        Returns:
            `status`, "success" or "error"; `error_count`; `match_count`.
        """
        writer = gather_weights(saved_parts(reference_model))
        wanted = {f"{_place(group)}{key}": array.shape for group, key, array in writer.arrays()}
        here = {path: value.shape for path, value in _flat(self.weights_dict)}
        errors = [f"{path}: in the model only" for path in wanted if path not in here]
        errors += [f"{path}: in the file only" for path in here if path not in wanted]
        both = [path for path in wanted if path in here]
        errors += [
            f"{path}: shape {here[path]} in the file, {wanted[path]} in the model"
            for path in both
            if here[path] != wanted[path]
        ]
        matching = sum(here[path] == wanted[path] for path in both)
        for line in errors:
            say(line)
        if not errors:
            say(f"Comparison successful: {matching} matching weights.")
        return {
            "status": "error" if errors else "success",
            "error_count": len(errors),
            "match_count": matching,
        }

    def rename_object(self, object_name: str, new_name: str) -> None:
        """Give an object another name.

        Args:
            object_name: its name, or its path where several have the name: "layers/dense".
            new_name: the new name, without slashes.
        """
        if "/" in new_name:
            raise BadArgument("rename_object: `new_name` is a path.", given=repr(new_name))

        def rename(holder: Tree, name: str) -> None:
            holder[new_name] = holder.pop(name)

        self._edit(object_name, rename)

    def delete_object(self, object_name: str) -> None:
        """Remove an object; arguments as in `rename_object`."""
        self._edit(object_name, lambda holder, name: holder.pop(name))

    def add_object(self, object_path: str, weights: Mapping[str, ArrayLike]) -> None:
        """Add an object.

        Args:
            object_path: its whole path: "layers/dense_2".
            weights: its weights by their numbers: `{"0": kernel, "1": bias}`.
        """
        *outer, name = object_path.split("/")
        _branch(self.weights_dict, outer)[name] = _arrays(weights)

    def delete_weight(self, object_name: str, weight_name: str) -> None:
        """Remove a weight of an object.

        Args:
            object_name: the object's name or path.
            weight_name: the weight's number: "0".
        """

        def delete(holder: Tree, name: str) -> None:
            if weight_name not in holder[name]:
                raise BadArgument(
                    f"delete_weight: weight {weight_name!r} not found in {object_name!r}.",
                    fix=nearest(weight_name, holder[name]),
                )
            del holder[name][weight_name]

        self._edit(object_name, delete)

    def add_weights(self, object_name: str, weights: Mapping[str, ArrayLike]) -> None:
        """Add weights to an object, or replace them; arguments as in `add_object`."""
        found = _arrays(weights)
        self._edit(object_name, lambda holder, name: holder[name].update(found))

    def save(self, filepath: PathLike) -> None:
        """Write the weights.

        Args:
            filepath: a path that ends in `.weights.h5`.
        """
        path = os.fspath(filepath)
        if not path.endswith(".weights.h5"):
            raise BadArgument(
                "KerasFileEditor.save: invalid `filepath`.",
                given=repr(path),
                expected="one that ends in `.weights.h5`",
            )
        writer = WeightsWriter()
        for place, value in _flat(self.weights_dict):
            outer, _, key = place.rpartition("/")
            writer.store(outer, None)[key] = value
        with atomic_write(path) as file:
            writer.write(file)

    def resave_weights(self, filepath: PathLike) -> None:
        """The same as `save`."""
        self.save(filepath)

    def _edit(self, object_name: str, change: Callable[[Tree, str], Any]) -> None:
        """Change the one object of a name or path."""
        if "/" in object_name:
            *outer, name = object_name.split("/")
            holders = [_branch(self.weights_dict, outer)]
        else:
            name = object_name
            holders = list(_holders(self.weights_dict, name))
        if len(holders) > 1:
            raise BadArgument(
                f"KerasFileEditor: name {name!r} occurs more than once in the model.",
                fix="pass the whole path: 'layers/dense'.",
            )
        if not holders or name not in holders[0]:
            known = {place.split("/")[-2] for place, _ in _flat(self.weights_dict) if "/" in place}
            raise BadArgument(
                f"KerasFileEditor: {object_name!r} is not found in the model.",
                fix=nearest(object_name, known),
            )
        change(holders[0], name)


def _names(group: str) -> list[str]:
    """The names of the objects around a group of weights: "layers/dense/vars" without its end."""
    return [part for part in group.split("/") if part][:-1]


def _place(group: str) -> str:
    return "".join(f"{name}/" for name in _names(group))


def _branch(tree: Tree, names: list[str], make: bool = False) -> Tree:
    for name in names:
        if not make and not isinstance(tree.get(name), dict):
            path = "/".join(names)
            raise BadArgument(f"KerasFileEditor: path {path!r} is not found in the model.")
        tree = tree.setdefault(name, {})
    return tree


def _holders(tree: Tree, name: str) -> Iterator[Tree]:
    """Every dict of the tree that holds a name."""
    if name in tree:
        yield tree
    for inner in tree.values():
        if isinstance(inner, dict):
            yield from _holders(inner, name)


def _flat(tree: Tree, before: str = "") -> Iterator[tuple[str, np.ndarray]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}/")
        else:
            yield f"{before}{name}", value


def _arrays(weights: Mapping[str, ArrayLike]) -> Tree:
    if not isinstance(weights, Mapping):
        raise BadArgument(
            "KerasFileEditor: `weights` should be a dict from numbers to arrays.",
            given=type(weights).__name__,
            fix="`{'0': kernel, '1': bias}`.",
        )
    return {name: np.asarray(value) for name, value in weights.items()}
