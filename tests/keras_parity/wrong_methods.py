"""Every argument of the methods that programs call, at values of the wrong kind.

Models run eagerly: each case has a new one, as a step that fails may leave its model unusable.
"""

from __future__ import annotations

import functools
import inspect
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from wrong_arguments import VALUES, Case

X, Y = np.ones((4, 3), "float32"), np.ones((4, 1), "float32")
GRADIENT = np.ones((3, 1), "float32")
_EACH = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _folder() -> Path:
    return Path(tempfile.mkdtemp())


def _plain(k: Any) -> Any:
    return k.Sequential([k.Input((3,)), k.layers.Dense(1)])


def _model(k: Any) -> Any:
    model = _plain(k)
    model.compile("sgd", "mse", run_eagerly=True)
    return model


@functools.cache
def _weights(k: Any) -> str:
    path = str(_folder() / "m.weights.h5")
    _plain(k).save_weights(path)
    return path


def _layer(k: Any) -> Any:
    layer = k.layers.Dense(1)
    layer.build((None, 3))
    return layer


def _optimizer(k: Any) -> Any:
    optimizer = k.optimizers.Adam()
    optimizer.build([k.Variable(GRADIENT, name="w")])
    return optimizer


def _watching(cls: str, *args: Any) -> Callable[[Any], Any]:
    def make(k: Any) -> Any:
        callback = getattr(k.callbacks, cls)(*args)
        callback.set_model(_model(k))
        callback.on_train_begin()
        return callback

    return make


def _pairs(k: Any) -> list[Any]:
    return [(GRADIENT, k.Variable(GRADIENT, name="w"))]


Given = Callable[[Any], dict[str, Any]]


def _given(**kwargs: Any) -> Given:
    return lambda k: kwargs


_ROWS = _given(x=X, y=Y)
_PREDICTED = _given(y_true=Y, y_pred=X[:, :1])
# Class and method: how an object is made, and the arguments that fit.
METHODS: dict[str, tuple[Callable[[Any], Any], Given]] = {
    "Model.fit": (_model, _given(x=X, y=Y, verbose=0)),
    "Model.evaluate": (_model, _given(x=X, y=Y, verbose=0)),
    "Model.predict": (_model, _given(x=X, verbose=0)),
    "Model.train_on_batch": (_model, _ROWS),
    "Model.test_on_batch": (_model, _ROWS),
    "Model.predict_on_batch": (_model, _given(x=X)),
    "Model.compile": (_plain, _given()),
    "Model.save": (_model, lambda k: {"filepath": str(_folder() / "m.keras")}),
    "Model.save_weights": (_model, lambda k: {"filepath": str(_folder() / "m.weights.h5")}),
    "Model.load_weights": (_model, lambda k: {"filepath": _weights(k)}),
    "Model.get_layer": (_model, _given()),
    "Model.summary": (_model, _given(print_fn=lambda line: None)),
    "Model.set_weights": (_model, lambda k: {"weights": _model(k).get_weights()}),
    "Model.build": (lambda k: k.Sequential([k.layers.Dense(1)]), _given(input_shape=(None, 3))),
    "Model.compile_from_config": (
        _plain, lambda k: {"config": _model(k).get_compile_config()}
    ),
    "Model.from_config": (_plain, lambda k: {"config": _model(k).get_config()}),
    "Model.compute_output_shape": (_model, _given(input_shape=(None, 3))),
    "Model.__call__": (_model, _given()),
    "Sequential.add": (_plain, lambda k: {"layer": k.layers.Dense(1)}),
    "Sequential.pop": (_plain, _given()),
    "Layer.add_weight": (lambda k: k.layers.Dense(1), _given()),
    "Layer.add_loss": (_layer, _given(loss=1.0)),
    "Layer.set_weights": (_layer, _given(weights=[GRADIENT, GRADIENT[0]])),
    "Layer.build": (lambda k: k.layers.Dense(1), _given(input_shape=(None, 3))),
    "Layer.compute_output_shape": (_layer, _given(input_shape=(None, 3))),
    "Layer.from_config": (_layer, _given(config={"units": 1})),
    "Layer.build_from_config": (
        lambda k: k.layers.Dense(1), _given(config={"input_shape": (None, 3)})
    ),
    "Layer.load_own_variables": (_layer, _given(store={"0": GRADIENT, "1": GRADIENT[0]})),
    "Layer.save_own_variables": (_layer, _given(store={})),
    "Normalization.adapt": (lambda k: k.layers.Normalization(), _given(data=X)),
    "Optimizer.apply": (_optimizer, _given(grads=[GRADIENT])),
    "Optimizer.apply_gradients": (
        lambda k: k.optimizers.Adam(), lambda k: {"grads_and_vars": _pairs(k)}
    ),
    "Optimizer.build": (
        lambda k: k.optimizers.Adam(), lambda k: {"variables": [k.Variable(GRADIENT, name="w")]}
    ),
    "Optimizer.from_config": (_optimizer, _given(config={"learning_rate": 0.1})),
    "Optimizer.load_own_variables": (_optimizer, lambda k: {"store": {}}),
    "Optimizer.exclude_from_weight_decay": (lambda k: k.optimizers.Adam(), _given()),
    "Optimizer.add_variable": (_optimizer, _given(shape=(2,))),
    "Metric.update_state": (lambda k: k.metrics.MeanSquaredError(), _PREDICTED),
    "Metric.__call__": (lambda k: k.metrics.BinaryAccuracy(), _given()),
    "Metric.add_variable": (
        lambda k: k.metrics.MeanSquaredError(), _given(shape=(2,), initializer="zeros")
    ),
    "Metric.from_config": (lambda k: k.metrics.MeanSquaredError(), _given(config={"name": "a"})),
    "Mean.update_state": (lambda k: k.metrics.Mean(), _given(values=X)),
    "AUC.update_state": (lambda k: k.metrics.AUC(num_thresholds=3), _PREDICTED),
    "Loss.__call__": (lambda k: k.losses.MeanSquaredError(), _PREDICTED),
    "Loss.from_config": (lambda k: k.losses.MeanSquaredError(), _given(config={"name": "a"})),
    "Initializer.__call__": (lambda k: k.initializers.Constant(1.0), _given(shape=(2,))),
    "Uniform.__call__": (lambda k: k.initializers.RandomUniform(seed=1), _given(shape=(2,))),
    "Regularizer.__call__": (lambda k: k.regularizers.L2(0.1), _given(x=X)),
    "Constraint.__call__": (lambda k: k.constraints.MaxNorm(1.0), _given(w=X)),
    "Schedule.__call__": (lambda k: k.optimizers.schedules.CosineDecay(0.1, 10), _given(step=1)),
    "Variable.assign": (lambda k: k.Variable(GRADIENT), _given(value=GRADIENT)),
    "Variable.assign_add": (lambda k: k.Variable(GRADIENT), _given(value=GRADIENT)),
    "CallbackList.set_params": (lambda k: k.callbacks.CallbackList([]), _given()),
    "History.on_epoch_end": (_watching("History"), _given(epoch=0, logs={"loss": 1.0})),
    "EarlyStopping.on_epoch_end": (
        _watching("EarlyStopping", "loss"), _given(epoch=0, logs={"loss": 1.0})
    ),
    "ReduceLROnPlateau.on_epoch_end": (
        _watching("ReduceLROnPlateau", "loss"), _given(epoch=0, logs={"loss": 1.0})
    ),
    "TerminateOnNaN.on_batch_end": (
        _watching("TerminateOnNaN"), _given(batch=0, logs={"loss": 1.0})
    ),
}  # fmt: skip


def method_of(library: Any, path: str) -> Callable[..., Any]:
    """The method of a new object (or of the shared model)."""
    return getattr(METHODS[path][0](library), path.partition(".")[2])  # type: ignore[no-any-return]


def names(library: Any, path: str) -> list[str]:
    """The names of a method's arguments."""
    parameters = inspect.signature(method_of(library, path)).parameters.values()
    return [p.name for p in parameters if p.kind not in _EACH]


def call(library: Any, case: Case) -> None:
    """Call a method with the wrong value."""
    given = METHODS[case.part][1](library)
    method_of(library, case.part)(**{**given, case.argument: VALUES[case.value]()})
