"""SwapEMAWeights: evaluate with the averaged weights that the optimizer keeps."""

from __future__ import annotations

from typing import Any

from rosenblatt.callbacks.callback import Callback
from rosenblatt.core.errors import explain
from rosenblatt.core.registry import builtin


@builtin("keras.callbacks")
class SwapEMAWeights(Callback):
    """Swaps weights and their moving averages before evaluation, and back after it.

    Polyak & Juditsky, "Acceleration of stochastic approximation by averaging", 1992.

    Args:
        swap_on_epoch: also swap at the end of each epoch, before the callbacks after this one (such
            as ModelCheckpoint), and back when the next begins.

    Raises:
        ValueError: when it is used, an optimizer without `use_ema=True`.
    """

    def __init__(self, swap_on_epoch: bool = False):
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._swapped = False

    def _swap(self, to_averages: bool) -> None:
        if self._swapped is to_averages:
            return
        optimizer = self.model.optimizer
        inner = getattr(optimizer, "inner_optimizer", optimizer)
        if not getattr(inner, "use_ema", False):
            raise ValueError(
                explain(
                    "SwapEMAWeights needs an optimizer that averages the weights.",
                    given=f"{type(inner).__name__}(use_ema={getattr(inner, 'use_ema', None)})",
                    fix=f"compile with `{type(inner).__name__}(…, use_ema=True)`.",
                )
            )
        if not inner.built:
            return
        for variable, average in zip(inner._trainable_variables, inner._averages, strict=True):
            if average is not None:
                value, averaged = variable.value, average.value
                variable.assign(averaged)
                average.assign(value)
        self._swapped = to_averages

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Train on the weights themselves."""
        self._swap(False)

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Evaluate with the averages."""
        self._swap(True)

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        """Back to the weights themselves."""
        self._swap(False)

    def on_predict_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Predict with the averages."""
        self._swap(True)

    def on_predict_end(self, logs: dict[str, Any] | None = None) -> None:
        """Back to the weights themselves."""
        self._swap(False)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Let the callbacks after this one see the averages, where asked to."""
        if self.swap_on_epoch:
            self._swap(True)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Back to the weights themselves."""
        self._swap(False)
