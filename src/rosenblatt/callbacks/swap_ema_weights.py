"""SwapEMAWeights: evaluate with the averaged weights that the optimizer keeps."""

from __future__ import annotations

from typing import Any

from rosenblatt.callbacks.callback import Callback
from rosenblatt.callbacks.rate import inner_optimizer
from rosenblatt.core.checks import flag
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import Configured, setting


@builtin("keras.callbacks")
class SwapEMAWeights(Callback, Configured):
    """Swaps weights and their moving averages before evaluation, and back after it.

    Polyak & Juditsky, "Acceleration of stochastic approximation by averaging", 1992.

    Args:
        swap_on_epoch: also swap at the end of each epoch, before the callbacks after this one (such
            as ModelCheckpoint), and back when the next begins.

    Raises:
        ValueError: when it is used, an optimizer without `use_ema=True`.
    """

    swap_on_epoch: bool = setting(flag, default=False)

    def _optimizers(self) -> list[Any]:
        """Those that keep averages: the model's, or those inside it."""
        inner = inner_optimizer(self.model.optimizer)
        return [o for o in getattr(inner, "optimizers", [inner]) if getattr(o, "use_ema", False)]

    def _swap(self, to_averages: bool) -> None:
        found = self._optimizers()
        if to_averages and not found:
            inner = inner_optimizer(self.model.optimizer)
            kind = type(inner).__name__
            raise BadArgument(
                "SwapEMAWeights needs an optimizer that averages the weights.",
                given=f"{kind}(use_ema={getattr(inner, 'use_ema', None)})",
                fix=f"compile with `{kind}(…, use_ema=True)`.",
            )
        for optimizer in found:
            if optimizer.built and optimizer.moving_averages.exchanged is not to_averages:
                optimizer.moving_averages.exchange()

    def get_state(self) -> dict[str, Any]:
        """Whether the averages stand in the weights."""
        return {"exchanged": [o.moving_averages.exchanged for o in self._optimizers()]}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take it back: a backup has the variables as they stood."""
        for optimizer, exchanged in zip(self._optimizers(), state["exchanged"], strict=True):
            optimizer.moving_averages.exchanged = exchanged

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Train on the weights themselves."""
        self._swap(False)

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Evaluate and predict with the averages."""
        self._swap(True)

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        """Bring the weights themselves back."""
        self._swap(False)

    on_predict_begin = on_test_begin
    on_predict_end = on_train_end = on_test_end

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Let the callbacks after this one see the averages, where asked to."""
        if self.swap_on_epoch:
            self._swap(True)
