"""Estimators from files."""

from __future__ import annotations

from rosenblatt.core.errors import FileRefused
from rosenblatt.core.types import PathLike
from rosenblatt.saving.model_files import load_model
from rosenblatt.tabular.classifier import TabularClassifier
from rosenblatt.tabular.estimators import DESCRIBED, SAVED
from rosenblatt.tabular.model import TableModel, as_predictor
from rosenblatt.tabular.regressor import TabularRegressor


def load(path: PathLike) -> TabularClassifier | TabularRegressor:
    """The estimator that `save` wrote into a file; it predicts as it did, and runs no code.

    Args:
        path: of a `.keras` file.

    Raises:
        ValueError: a file of another model, or a damaged one.

    >>> import tempfile
    >>> table = {"rooms": [3, 5, None, 4] * 10, "price": [5.0, 1.0, 4.0, 2.0] * 10}
    >>> model = TabularRegressor(models=2, epochs=5).fit(table, target="price")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/price.keras")
    ...     again = load(f"{folder}/price.keras")
    >>> bool((again.predict(table) == model.predict(table)).all())
    True
    """
    model = load_model(path)
    if not isinstance(model, TableModel):
        raise FileRefused(
            f"{path}: not a model for tables.",
            given=f"a {type(model).__name__}",
            expected="a file that `TabularClassifier.save` or `TabularRegressor.save` wrote",
            fix="`rosenblatt.saving.load_model` loads it.",
        )
    return as_estimator(model)


def as_estimator(model: TableModel) -> TabularClassifier | TabularRegressor:
    """The estimator of a model, such as one of a file.

    Raises:
        ValueError: a model that no estimator made.
    """
    predictor = as_predictor(model)
    estimator = TabularRegressor() if predictor.task.is_quantity else TabularClassifier()
    estimator.predictor_ = predictor
    try:
        for name, (attribute, kind) in DESCRIBED.items():
            setattr(estimator, attribute, kind.from_config(model.description[name]))
        for name, attribute in SAVED.items():
            setattr(estimator, attribute, model.description[name])
    except (LookupError, TypeError, ValueError) as error:
        raise FileRefused(
            "The model's description is damaged, or of another version.",
            given=f"{type(error).__name__}: {error}",
            fix="train again.",
        ) from error
    return estimator
