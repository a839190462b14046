"""Models in pickles of estimators, of classes that a function defines too."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from typing import Any

from joblib import wrap_non_picklable_objects

from rosenblatt.models.model import Model


class _Nowhere:
    """A file that keeps nothing."""

    def write(self, piece: Any) -> int:
        """The number of bytes."""
        return len(piece)


def packed(state: Mapping[str, Any]) -> dict[str, Any]:
    """An estimator's state with its models in a form that every pickle takes.

    A class that pickle does not find by its name, as one defined in a function, goes along.

    Args:
        state: attributes by name.
    """
    models = {id(value): value for value in state.values() if isinstance(value, Model)}
    found = {
        key: wrap_non_picklable_objects(model, keep_wrapper=False)
        for key, model in models.items()
        if not _is_plain(model)
    }
    return {name: found.get(id(value), value) for name, value in state.items()}


def _is_plain(model: Model) -> bool:
    try:
        pickle.Pickler(_Nowhere()).dump(model)
    except (AttributeError, TypeError, pickle.PicklingError):
        return False
    return True
