"""NaN and infinity in data: refused where they would spoil weights, taken where code fills gaps.

Whether a layer fills gaps, or a loss leaves missing targets out, no check can read off the data. So
the rows in question are tried: what gives a finite loss with finite gradients may be trained on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rosenblatt.core.errors import BadData, explain
from rosenblatt.core.scope import Scope, use_scope
from rosenblatt.core.symbolic import tree_leaves, tree_map
from rosenblatt.core.types import Array, Tree
from rosenblatt.data.arrays import named_leaves
from rosenblatt.data.finite import refuse
from rosenblatt.training.contract import Task

_MOST_ROWS = 32
_TARGETS = "y"


class Missing:
    """Decides about data that are not finite, for one model.

    A model, layer, loss, or function given as a loss says `takes_nan = True` where it is right that
    nothing is tried.

    Args:
        task: a built, compiled model.
    """

    def __init__(self, task: Task):
        self.task = task
        self._passed: set[Any] = set()

    def check(self, x: Tree, y: Tree, weight: Tree, suspects: Mapping[str, str]) -> None:
        """Refuse what would make losses or weights NaN.

        Args:
            x, y, weight: arrays of the same rows; x as the model takes them.
            suspects: names of arrays with NaN or infinity, and the message that refuses each.

        Raises:
            ValueError: the message of the array at fault.
        """
        suspects = {name: text for name, text in suspects.items() if not self._declared(name)}
        refuse({name: text for name, text in suspects.items() if _part(name) == "sample_weight"})
        places = self._places(x, y, suspects)
        if not places:
            return
        pattern = frozenset(pair for pairs, _ in places for pair in pairs)
        if pattern <= self._passed:
            return
        rows = np.unique(np.concatenate([rows for _, rows in places]))
        x, y, weight = tree_map(lambda a: None if a is None else a[rows], (x, y, weight))
        loss, outputs, gradients = self._tried(x, y, weight)
        if not _finite(outputs):
            inputs = {name: text for name, text in suspects.items() if _part(name) == "x"}
            refuse(inputs or suspects)
        if not _finite(loss):
            targets = {name: text for name, text in suspects.items() if _part(name) == _TARGETS}
            refuse(targets or suspects)
        if not _finite(gradients):
            raise BadData(_spoiled_gradients(suspects))
        self._passed |= pattern

    def _declared(self, name: str) -> bool:
        """Whether the code that reads an array says that it takes NaN."""
        owners: list[Any] = list(self.task.layers())
        if _part(name) != "x":
            losses = [one.loss for one in self.task.spec.losses]
            owners = [owners[0], *losses, *(getattr(loss, "fn", None) for loss in losses)]
        return any(getattr(owner, "takes_nan", False) for owner in owners)

    @staticmethod
    def _places(x: Tree, y: Tree, suspects: Mapping[str, str]) -> list[Any]:
        """For each array at fault its name with each bad column, and some rows, of each column."""
        found = []
        for part, tree in (("x", x), (_TARGETS, y)):
            wanted = [name for name in suspects if _part(name) == part]
            for name, array in named_leaves(tree, part) if wanted else ():
                if array.dtype.kind in "iub":
                    continue
                bad = ~np.isfinite(array)
                if bad.any():
                    flat = bad.reshape(len(bad), -1)
                    columns = np.flatnonzero(flat.any(axis=0))
                    rows = np.flatnonzero(flat.any(axis=1))[:_MOST_ROWS]
                    firsts = flat[:, columns].argmax(axis=0)
                    pairs = [(name, int(column)) for column in columns]
                    found.append((pairs, np.concatenate([rows, firsts])))
        return found

    def _tried(self, x: Tree, y: Tree, weight: Tree) -> tuple[Array, Tree, Tree]:
        """Loss, outputs and gradients of some rows."""
        task = self.task
        variables = task.variables("predict").trainable

        def run(values: Tree) -> Tree:
            bound = {id(v): value for v, value in zip(variables, values, strict=True)}
            with use_scope(Scope(bound, binds_all=True)):
                outputs = task.forward(x, training=False)
                loss = task.loss((x, y, weight), outputs, training=False)
            return jnp.asarray(loss, "float32"), outputs

        values = [jnp.asarray(variable.value) for variable in variables]
        (loss, outputs), gradients = jax.value_and_grad(run, has_aux=True)(values)
        return loss, outputs, gradients


def _part(name: str) -> str:
    return name.partition("[")[0]


def _finite(tree: Tree) -> bool:
    return all(bool(jnp.all(jnp.isfinite(leaf))) for leaf in tree_leaves(tree) if leaf is not None)


def _spoiled_gradients(suspects: Mapping[str, str]) -> str:
    message = next((m for name, m in suspects.items() if _part(name) == _TARGETS), None)
    if message is None:
        return next(iter(suspects.values()))
    return explain(
        "The loss is a number where the data hold NaN, its gradient is not: the weights would be "
        "lost.",
        given=message.partition(". ")[0],
        fix="replace missing values before computing with them, `ops.where(missing, y_pred, "
        "y_true)`; chosen afterwards, the gradient of what was not chosen is 0 · NaN.",
    )
