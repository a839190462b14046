"""How an MLP estimator trains: the rate, when to stop, and L-BFGS."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy import optimize
from sklearn.exceptions import ConvergenceWarning

from rosenblatt.callbacks.callback import Callback
from rosenblatt.core.errors import warn_user
from rosenblatt.core.registry import is_ours
from rosenblatt.core.types import Array
from rosenblatt.losses.base import Loss
from rosenblatt.models.sequential import Sequential
from rosenblatt.sklearn.inputs import all_finite, padded_rows
from rosenblatt.sklearn.mlp_network import MLPParameters, dense_layers
from rosenblatt.training import programs

_SMALLEST_RATE = 1e-6


class Progress(Callback):
    """Record loss and score of each epoch, set the rate, and stop when neither improves.

    Args:
        estimator: the estimator that is trained; its attributes are kept current.
        rows: rows of the training data.
        score: the validation score now, or None to watch the loss.
    """

    def __init__(self, estimator: MLPParameters, rows: int, score: Callable[[], float] | None):
        super().__init__()
        self.estimator, self.rows, self.score = estimator, rows, score
        self.best_weights: list[np.ndarray] | None = None
        if score is not None:
            estimator.best_loss_ = None
            if np.isfinite(_best_score(estimator)):
                self.best_weights = estimator.model_.get_weights()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """After each epoch: attributes, rate, and whether to stop."""
        e = self.estimator
        e.loss_ = float((logs or {})["loss"])
        e.loss_curve_.append(e.loss_)
        e.n_iter_ += 1
        e.t_ += self.rows
        self._say(f"Iteration {e.n_iter_}, loss = {e.loss_:.8f}")
        e.epochs_without_gain_ = 0 if self._improved() else e.epochs_without_gain_ + 1
        if e.solver == "sgd" and e.learning_rate == "invscaling":
            self.model.optimizer.learning_rate = e.learning_rate_init / (e.t_ + 1) ** e.power_t
        if e.epochs_without_gain_ > e.n_iter_no_change:
            self._lower_rate_or_stop()
        if not np.isfinite(e.loss_) and not all_finite(self.model.trainable_weights):
            self.model.stop_training = True  # no epoch brings them back

    def _say(self, text: str) -> None:
        if self.estimator.verbose:
            print(text)  # noqa: T201

    def _improved(self) -> bool:
        e = self.estimator
        if self.score is None:
            best = np.inf if e.best_loss_ is None else e.best_loss_  # None: the score was watched
            e.best_loss_ = min(best, e.loss_)
            return e.loss_ <= best - e.tol
        score = self.score() if all_finite(self.model.trainable_weights) else np.nan
        self._say(f"Validation score: {score:.6f}")
        best = _best_score(e)
        e.validation_scores_ = [*(e.validation_scores_ or ()), score]
        e.best_validation_score_ = max(best, score)
        if score > best:
            self.best_weights = self.model.get_weights()
        return score >= best + e.tol

    def _lower_rate_or_stop(self) -> None:
        e, optimizer = self.estimator, self.model.optimizer
        rate = float(np.asarray(optimizer.learning_rate))
        if e.solver == "sgd" and e.learning_rate == "adaptive" and rate > _SMALLEST_RATE:
            optimizer.learning_rate = rate / 5.0
            e.epochs_without_gain_ = 0
            self._say(f"Learning rate = {rate / 5.0:g}")
        else:
            self.model.stop_training = True
            watched = "Training loss" if self.score is None else "Validation score"
            self._say(
                f"{watched} did not improve by {e.tol:g} for {e.n_iter_no_change} epochs: the end."
            )

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Give the model the weights of its best score."""
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)


def _best_score(estimator: MLPParameters) -> float:
    best = estimator.best_validation_score_
    return -np.inf if best is None else best  # None: the loss was watched


def warn_not_converged(most: int, limit: str = "max_iter") -> None:
    """Tell that training ended by its limit."""
    what = "Stochastic Optimizer: Maximum iterations" if limit == "max_iter" else "lbfgs: limit"
    warn_user(
        f"{what} ({most}) reached and the optimization "
        f"hasn't converged yet. Raise `{limit}`, or accept it with a larger `tol`.",
        ConvergenceWarning,
    )


def _objective(
    model: Sequential, loss: Loss, values: list[Array], x: Array, y: Array, weights: Array,
    alpha: Array, scale: Array,
) -> Array:  # fmt: skip
    """scale · Σ w·loss / Σ w + α/2 · Σ W² / Σ w."""
    outputs, _ = model.stateless_call(values, [], x, training=True)
    total = jnp.sum(weights)
    data = scale * jnp.sum(weights * loss.call(y, outputs)) / total
    return data + 0.5 * alpha * sum(jnp.sum(k * k) for k in values[::2]) / total


def fit_lbfgs(
    estimator: MLPParameters, loss: Loss, x: np.ndarray, y: np.ndarray,
    weights: np.ndarray | None, scale: float,
) -> None:  # fmt: skip
    """Minimize with L-BFGS (Liu and Nocedal 1989; SciPy's), all rows at once.

    Args:
        estimator: the estimator; `n_iter_`, `loss_` and `loss_curve_` are kept current.
        loss: gives the loss of each row.
        x, y, weights: the data.
        scale: factor of the loss.
    """
    model = estimator.model_
    rows = len(x)
    weights = np.ones(rows) if weights is None else weights
    more = padded_rows(rows) - rows
    x = np.concatenate([x, np.repeat(x[:1], more, axis=0)]).astype(np.float32)
    y = np.concatenate([y, np.repeat(y[:1], more, axis=0)])
    weights = np.concatenate([weights, np.zeros(more)]).astype(np.float32)
    first = model.get_weights()  # kernel, bias, kernel, …
    ends = np.cumsum([array.size for array in first])[:-1]

    def unpack(flat: np.ndarray) -> list[np.ndarray]:
        parts = np.split(flat.astype(np.float32), ends)
        return [part.reshape(array.shape) for part, array in zip(parts, first, strict=True)]

    def pack(arrays: list[np.ndarray]) -> np.ndarray:
        return np.concatenate([np.ravel(array) for array in arrays], dtype=float)

    data = [jnp.asarray(a) for a in (x, y, weights, np.float32(estimator.alpha), np.float32(scale))]
    # A name may stand for a user's function, which another process may have otherwise.
    named = isinstance(estimator.loss, str) and isinstance(estimator.activation, str)
    named = named and all(map(is_ours, (loss, *(one.activation for one in dense_layers(model)))))
    policies = tuple(layer.dtype_policy.name for layer in dense_layers(model))
    key = ("lbfgs", estimator.activation, estimator.out_activation_, estimator.loss, policies)
    objective = partial(_objective, model, loss)
    program = programs.get_program(
        key if named else None, lambda: jax.value_and_grad(objective), first, *data
    )

    def value_and_gradient(flat: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = program(unpack(flat), *data)
        return float(value), pack(gradient)

    def note(intermediate_result: optimize.OptimizeResult) -> None:
        estimator.n_iter_ += 1
        estimator.loss_curve_.append(float(intermediate_result.fun))
        if estimator.verbose:
            print(f"Iteration {estimator.n_iter_}, loss = {intermediate_result.fun:.8f}")  # noqa: T201

    found = optimize.minimize(
        value_and_gradient,
        pack(first),
        method="L-BFGS-B",
        jac=True,
        callback=note,
        options={"maxfun": estimator.max_fun, "maxiter": estimator.max_iter, "gtol": estimator.tol},
    )
    model.set_weights(unpack(found.x))
    estimator.loss_ = float(found.fun)
    before = np.inf if estimator.best_loss_ is None else estimator.best_loss_
    estimator.best_loss_ = min(before, estimator.loss_)
    if not found.success and np.isfinite(found.fun):
        limit = "max_fun" if found.nit < estimator.max_iter else "max_iter"
        warn_not_converged(getattr(estimator, limit), limit)
