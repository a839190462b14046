"""Words for what estimators take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeAlias

import numpy as np
from scipy.sparse import csr_array, csr_matrix

from rosenblatt.callbacks.callback import Callback
from rosenblatt.core.types import ArrayLike
from rosenblatt.models.model import Model


class Frame(Protocol):
    """A table with named columns: of pandas, polars, pyarrow or narwhals."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""

    @property
    def columns(self) -> Any:
        """Names, or columns."""


class SparseMatrix(Protocol):
    """A matrix of SciPy's, of any format."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns."""

    def toarray(self) -> np.ndarray:
        """It as an array."""


# Inputs: (rows, features), or rows of any shape.
Features: TypeAlias = "ArrayLike | Frame | SparseMatrix"
# Inputs that are checked: sparse matrices in rows.
Matrix: TypeAlias = "np.ndarray | csr_matrix | csr_array"
# Targets: (rows,) or (rows, outputs) of numbers or labels.
Targets: TypeAlias = "ArrayLike | Frame"
Weights: TypeAlias = "ArrayLike | None"
# (X, y) or (X, y, sample_weight).
ValidationData: TypeAlias = "tuple[Any, ...] | None"
# scikit-learn's `random_state`.
RandomState: TypeAlias = "int | np.random.RandomState | np.random.Generator | None"
ClassWeight: TypeAlias = "Mapping[Any, float] | str | None"
Callbacks: TypeAlias = "Callback | Iterable[Callback] | None"
# Objects, or classes of which they are made, one or a list or dict of them.
Parts: TypeAlias = "object | type | Iterable[Any] | Mapping[str, Any] | None"
# What gives an estimator its model.
ModelSource: TypeAlias = "Model | type[Model] | Callable[..., Model] | None"
