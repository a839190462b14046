"""`predict`: batches of fixed sizes through compiled programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from rosenblatt.core import changes
from rosenblatt.core.symbolic import tree_leaves, tree_map
from rosenblatt.core.tracing import traced_settings
from rosenblatt.core.watched import Watched
from rosenblatt.training import programs
from rosenblatt.training.intake import watched_ids
from rosenblatt.training.signature import rows_stay_apart, signature_of
from rosenblatt.training.state import StateVariables
from rosenblatt.training.step import predictor

# Rows of the programs that a prediction is made of. Few sizes mean few programs.
_SIZES = (32, 256, 2048)


class Predictor:
    """The compiled forward pass of a model.

    Args:
        model: a built model.
    """

    def __init__(self, model: Any):
        self.model = model
        self.variables = _variables_of(model)
        self.apart = rows_stay_apart(model, compiled=False)
        signature = signature_of(model, self.variables, "predict")
        self.key, self.parameters = signature.key, signature.parameters
        self._graph = model._graph
        self._changes, self._revisions = changes.count(), _revisions(model)
        self._settings = traced_settings()
        self._programs: dict[Any, Any] = {}
        self._ids = watched_ids(model)

    @classmethod
    def of(cls, model: Any) -> Predictor:
        """That of an earlier call, where the model is still as it was."""
        session = model.training_session
        known = session.predictor
        if known is None or not known.fits(model):
            session.predictor = cls(model)
            if known is not None and session.predictor.is_like(known):
                session.predictor._programs = known._programs
        return session.predictor

    def fits(self, model: Any) -> bool:
        """Whether the model still has the variables this was made for.

        The variables of a graph are known while the graph is the same; looking through the
        attributes of a subclassed model takes longer than a small prediction, but is needed there.
        """
        if self._settings != traced_settings():
            return False
        if self._changes != changes.count():  # of some layer, perhaps one of another model
            now, revisions = changes.count(), _revisions(model)
            if self._revisions != revisions:
                return False
            self._changes = now
        if self._graph is not None or model._graph is not None:
            return self._graph is model._graph
        return self.variables == _variables_of(model)

    def is_like(self, other: Predictor) -> bool:
        """Whether it may use the programs of another one."""
        same = self._settings == other._settings and self.variables == other.variables
        return same and self.key is not None and self.key == other.key

    def sizes(self, rows: int, batch_size: int) -> Iterator[tuple[int, int, int]]:
        """Cut rows into (start, stop, size of the program)."""
        start = 0
        while start < rows:
            left = rows - start
            if self.apart:
                size = next((s for s in _SIZES if left <= s), _SIZES[-1])
            else:
                size = min(batch_size, left)
            yield start, min(start + size, rows), size
            start += size

    def __call__(self, x: Any, batch_size: int = 32) -> Any:
        """The outputs for arrays of rows.

        Args:
            x: nest of arrays.
            batch_size: rows of a batch, for models that may look across rows.
        """
        rows = len(tree_leaves(x)[0])
        state = self.variables.gather()
        parts = []
        for start, stop, size in self.sizes(rows, batch_size):
            piece = tree_map(lambda a, lo=start, hi=stop, n=size: _padded(a[lo:hi], n), x)
            if self._ids is not None:
                self._check_ids(self._ids, piece, x)
            program, values, draws = self._program(state, piece)
            if draws:
                with self.model.training_session.drawing:
                    state = self.variables.gather()
                    outputs, new = program(state, values, piece)
                    self._store(new)
            else:
                outputs, _ = program(state, values, piece)
            parts.append((outputs, stop - start))
        return _joined(parts)

    def _check_ids(self, ids: Watched, piece: Any, x: Any) -> None:
        """Refuse ids without a vector; a piece has one of few shapes, the whole tells the row."""
        held = [v.held for v in self.model.variables]
        try:
            ids.check(piece, held)
        except ValueError:
            ids.check(x, held)
            raise

    def _store(self, new: dict[int, Any]) -> None:
        for place, value in new.items():
            self.variables.non_trainable[place]._value = value

    def _program(self, state: Any, piece: Any) -> Any:
        """The program for these arrays, its run-time numbers, and whether it changes variables."""
        leaves, nest = jax.tree_util.tree_flatten(piece)
        shapes = (nest, *((a.shape, a.dtype) for a in leaves))
        values = tuple(float(getattr(owner, name)) for owner, name in self.parameters)
        known = self._programs.get(shapes)
        if known is None:
            keys = [(id(owner), name) for owner, name in self.parameters]
            program = programs.get_program(
                self.key,
                lambda: predictor(self.model, self.variables, keys),
                state,
                values,
                piece,
            )
            known = self._programs[shapes] = program, _changes_variables(program)
        return known[0], values, known[1]


def _revisions(model: Any) -> list[tuple[int, int]]:
    return [(id(layer), layer._revision) for layer in model._flatten_layers()]


def _variables_of(model: Any) -> StateVariables:
    held = model.variables
    return StateVariables(
        tuple(v for v in held if v.trainable), tuple(v for v in held if not v.trainable), (), ()
    )


def _changes_variables(program: Any) -> bool:
    """Whether a program gives new values of variables, beside the outputs."""
    return bool(program.out_tree.children()[1].num_leaves)


def _padded(array: np.ndarray, size: int) -> np.ndarray:
    """The rows, and copies of the last one up to a size."""
    if len(array) == size:
        return array
    out = np.empty((size, *array.shape[1:]), array.dtype)
    out[: len(array)] = array
    out[len(array) :] = array[-1:]
    return out


def _joined(parts: list[tuple[Any, int]]) -> Any:
    if len(parts) == 1:
        outputs, rows = parts[0]
        return jax.tree_util.tree_map(lambda a: np.asarray(a)[:rows].copy(), outputs)
    trees = [
        jax.tree_util.tree_map(lambda a, n=rows: np.asarray(a)[:n], outputs)
        for outputs, rows in parts
    ]
    return jax.tree_util.tree_map(lambda *pieces: np.concatenate(pieces), *trees)
