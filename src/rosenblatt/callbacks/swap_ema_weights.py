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

    def _optimizers(self) -> list[Any]:
        """Those that keep averages: the model's, or those inside it."""
        inner = self._inner
        return [o for o in getattr(inner, "optimizers", [inner]) if getattr(o, "use_ema", False)]

    @property
    def _inner(self) -> Any:
        return getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)

    def _swap(self, to_averages: bool) -> None:
        found = self._optimizers()
        if to_averages and not found:
            kind = type(self._inner).__name__
            raise ValueError(
                explain(
                    "SwapEMAWeights needs an optimizer that averages the weights.",
                    given=f"{kind}(use_ema={getattr(self._inner, 'use_ema', None)})",
                    fix=f"compile with `{kind}(…, use_ema=True)`.",
                )
            )
        for optimizer in found:
            if optimizer.built and optimizer.averages_are_exchanged is not to_averages:
                optimizer.exchange_averages()

    def get_state(self) -> dict[str, Any]:
        """Whether the averages stand in the weights."""
        return {"exchanged": [o.averages_are_exchanged for o in self._optimizers()]}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take it back: a backup has the variables as they stood."""
        for optimizer, exchanged in zip(self._optimizers(), state["exchanged"], strict=True):
            optimizer.averages_are_exchanged = exchanged

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
