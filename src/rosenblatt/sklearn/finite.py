"""Whether training came to weights that are numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from rosenblatt.core.errors import BadData


def all_finite(weights: Iterable[Any]) -> bool:
    """Whether arrays or variables hold neither NaN nor infinity."""
    return all(bool(np.isfinite(np.asarray(one)).all()) for one in weights)


def require_finite(estimator: Any, weights: Iterable[Any], loss: float = 0.0) -> None:
    """Refuse weights that are lost, as scikit-learn does.

    Args:
        estimator: whose they are.
        weights: arrays or variables.
        loss: the last loss, where it has to be finite too.

    Raises:
        ValueError: one is NaN or infinite.
    """
    if np.isfinite(loss) and all_finite(weights):
        return
    raise BadData(
        f"{type(estimator).__name__}: training produced non-finite parameter weights (NaN or "
        "infinity), so no prediction is possible.",
        fix="scale the inputs (`make_pipeline(StandardScaler(), …)`) and the targets of a "
        "regression, or lower the learning rate.",
    )
