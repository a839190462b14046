"""HyperModel: how a model is built and trained from values of hyperparameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rosenblatt.tuner.errors import FatalValueError
from rosenblatt.tuner.hyperparameters import HyperParameters


class HyperModel:
    """Builds and trains models; a subclass overrides `build`, and `fit` to tune training too.

    Args:
        name: its name.
        tunable: whether its hyperparameters are searched; if not they keep their values.

    >>> class Small(HyperModel):
    ...     def build(self, hp):
    ...         return hp.Int("units", 1, 10)
    >>> Small().build(HyperParameters())
    1
    """

    def __init__(self, name: str | None = None, tunable: bool = True):
        self.name = name
        self.tunable = tunable
        build = self.build

        def with_values(hp: HyperParameters, *args: Any, **kwargs: Any) -> Any:
            return build(hp if self.tunable else hp.copy(), *args, **kwargs)

        self.build = with_values  # type: ignore[method-assign]

    def build(self, hp: HyperParameters) -> Any:
        """A compiled model.

        Args:
            hp: gives values.
        """
        raise NotImplementedError

    def declare_hyperparameters(self, hp: HyperParameters) -> None:
        """Ask for hyperparameters before the first model is built."""

    def fit(self, hp: HyperParameters, model: Any, *args: Any, **kwargs: Any) -> Any:
        """Train a model.

        Args:
            hp: gives values, as of the batch size.
            model: what `build` returned.
            args, kwargs: of `search`, with the search's callbacks among `callbacks`.

        Returns:
            A `History`, a dict of metrics with the objective among them, the objective as a
            number, or a list of these, which are averaged.
        """
        return model.fit(*args, **kwargs)

    @property
    def uses_model_fit(self) -> bool:
        """Whether it trains by `model.fit` with what `search` was given."""
        return type(self).fit is HyperModel.fit


Buildable = HyperModel | Callable[[HyperParameters], Any] | None
"""What builds models: a `HyperModel`, or a function."""


class _Function(HyperModel):
    def __init__(self, build: Callable[[HyperParameters], Any]):
        self.build = build  # type: ignore[assignment, method-assign]
        super().__init__()


def get_hypermodel(hypermodel: Buildable) -> HyperModel | None:
    """The hypermodel of a function `build(hp)`, or the one that it is already.

    Raises:
        FatalValueError: neither.
    """
    if hypermodel is None or isinstance(hypermodel, HyperModel):
        return hypermodel
    if not callable(hypermodel):
        raise FatalValueError(
            "`hypermodel` is wrong.",
            given=repr(hypermodel),
            expected="a function build(hp) that returns a model, or a HyperModel",
        )
    return _Function(hypermodel)
