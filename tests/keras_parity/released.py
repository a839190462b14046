"""What files of the releases of Keras hold: parts and calls, by the same code for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Inputs = dict[str, Any]


def data() -> dict[str, np.ndarray]:
    """A batch for the model of all layers."""
    rng = np.random.default_rng(0)
    return {
        "steps": rng.normal(size=(5, 4, 3)).astype("float32"),
        "rows": rng.normal(size=(5, 3)).astype("float32"),
        "more": rng.normal(size=(5, 3)).astype("float32"),
        "ids": rng.integers(0, 6, (5, 4)).astype("int32"),
    }


def normalization(k: Any) -> Any:
    """An adapted layer."""
    layer = k.layers.Normalization(name="normalization")
    layer.adapt(data()["rows"])
    return layer


def calls(k: Any) -> dict[str, Callable[[Inputs], Any]]:
    """A call of each layer that a release has, by its class."""
    n = k.layers

    def on(name: str, make: Callable[[], Any]) -> Callable[[Inputs], Any]:
        return lambda x: make()(x[name])

    def both(make: Callable[[], Any], *names: str) -> Callable[[Inputs], Any]:
        return lambda x: make()([x[name] for name in names])

    steps, rows = ("steps", "steps"), ("rows", "more")
    found = {
        "Dense": on("rows", lambda: n.Dense(2, activation="softplus", kernel_regularizer="l2")),
        "EinsumDense": on("steps", lambda: n.EinsumDense("abc,cd->abd", (4, 2), bias_axes="d")),
        "Embedding": on("ids", lambda: n.Embedding(6, 2, mask_zero=True)),
        "Activation": on("rows", lambda: n.Activation("gelu")),
        "ELU": on("rows", lambda: n.ELU(alpha=0.5)),
        "LeakyReLU": on("rows", lambda: n.LeakyReLU(negative_slope=0.2)),
        "PReLU": on("steps", lambda: n.PReLU(shared_axes=[1])),
        "ReLU": on("rows", lambda: n.ReLU(max_value=1.0, negative_slope=0.1, threshold=0.2)),
        "Softmax": on("rows", lambda: n.Softmax(axis=-1)),
        "Dropout": on("rows", lambda: n.Dropout(0.3, seed=1)),
        "SpatialDropout1D": on("steps", lambda: n.SpatialDropout1D(0.3)),
        "GaussianDropout": on("rows", lambda: n.GaussianDropout(0.3)),
        "GaussianNoise": on("rows", lambda: n.GaussianNoise(0.3)),
        "AlphaDropout": on("rows", lambda: n.AlphaDropout(0.3)),
        "ActivityRegularization": on("rows", lambda: n.ActivityRegularization(l2=0.1)),
        "BatchNormalization": on("rows", lambda: n.BatchNormalization(momentum=0.5)),
        "LayerNormalization": on("steps", lambda: n.LayerNormalization(axis=[1, 2])),
        "GroupNormalization": on("steps", lambda: n.GroupNormalization(groups=3)),
        "UnitNormalization": on("rows", lambda: n.UnitNormalization()),
        "RMSNormalization": on("rows", lambda: n.RMSNormalization()),
        "SpectralNormalization": on("rows", lambda: n.SpectralNormalization(n.Dense(2))),
        "Normalization": on("rows", lambda: normalization(k)),
        "Rescaling": on("rows", lambda: n.Rescaling(2.0, offset=1.0)),
        "Discretization": on("rows", lambda: n.Discretization([-0.5, 0.0, 0.5])),
        "CategoryEncoding": on("ids", lambda: n.CategoryEncoding(6, "multi_hot")),
        "Flatten": on("steps", lambda: n.Flatten()),
        "Reshape": on("steps", lambda: n.Reshape((-1, 6))),
        "Permute": on("steps", lambda: n.Permute((2, 1))),
        "RepeatVector": on("rows", lambda: n.RepeatVector(2)),
        "Masking": on("steps", lambda: n.Masking(0.5)),
        "Identity": on("rows", lambda: n.Identity()),
        "TimeDistributed": on("steps", lambda: n.TimeDistributed(n.Dense(2))),
        "GlobalAveragePooling1D": on("steps", lambda: n.GlobalAveragePooling1D()),
        "GlobalMaxPooling1D": on("steps", lambda: n.GlobalMaxPooling1D(keepdims=True)),
        "Dot": both(lambda: n.Dot(axes=(1, 1), normalize=True), *rows),
        "Attention": both(lambda: n.Attention(use_scale=True), *steps),
        "AdditiveAttention": both(lambda: n.AdditiveAttention(), *steps),
        "MultiHeadAttention": lambda x: n.MultiHeadAttention(2, 2)(x["steps"], x["steps"]),
        "GroupQueryAttention": lambda x: n.GroupQueryAttention(2, 2, 1)(x["steps"], x["steps"]),
    }  # fmt: skip
    for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"):
        found[name] = both(getattr(n, name), *rows)
    return {name: call for name, call in found.items() if hasattr(n, name)}


def inner_model(k: Any) -> Any:
    """A model for use in a model."""
    return k.Sequential(
        [k.Input((3,)), k.layers.Dense(2, "elu"), k.layers.Dropout(0.1), k.layers.Dense(1)],
        name="inner",
    )


def classes(k: Any) -> tuple[Any, Any, Any, Any]:
    """A user's layer, activation, initializer and loss, registered with a package."""
    register = k.saving.register_keras_serializable

    @register(package="mine")
    class Scaled(k.layers.Layer):  # type: ignore[misc]
        def __init__(self, factor: float, **kwargs: Any):
            super().__init__(**kwargs)
            self.factor = factor

        def build(self, input_shape: Any) -> None:
            self.shift = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="shift")

        def call(self, x: Any) -> Any:
            return x * self.factor + self.shift

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "factor": self.factor}

    @register(package="mine")
    def doubled(x: Any) -> Any:
        return 2.0 * x

    @register(package="mine")
    def filled(shape: Any, dtype: Any = None) -> Any:
        return k.ops.full(shape, 0.1, dtype)

    @register(package="mine", name="squares")
    def own_loss(y_true: Any, y_pred: Any) -> Any:
        return k.ops.mean(k.ops.square(y_pred - y_true), axis=-1)

    return Scaled, doubled, filled, own_loss


# Arguments of classes that cannot be made without.
_NEEDED: dict[str, Callable[[Any], dict[str, Any]]] = {
    "CosineDecay": lambda k: {"initial_learning_rate": 0.1, "decay_steps": 10},
    "CosineDecayRestarts": lambda k: {"initial_learning_rate": 0.1, "first_decay_steps": 10},
    "ExponentialDecay": lambda k: {
        "initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.9,
    },
    "InverseTimeDecay": lambda k: {
        "initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.9,
    },
    "PiecewiseConstantDecay": lambda k: {"boundaries": [1, 2], "values": [0.1, 0.2, 0.3]},
    "PolynomialDecay": lambda k: {"initial_learning_rate": 0.1, "decay_steps": 10},
    "IoU": lambda k: {"num_classes": 3, "target_class_ids": [0]},
    "OneHotIoU": lambda k: {"num_classes": 3, "target_class_ids": [0]},
    "MeanIoU": lambda k: {"num_classes": 3},
    "OneHotMeanIoU": lambda k: {"num_classes": 3},
    "PrecisionAtRecall": lambda k: {"recall": 0.5},
    "RecallAtPrecision": lambda k: {"precision": 0.5},
    "SensitivityAtSpecificity": lambda k: {"specificity": 0.5},
    "SpecificityAtSensitivity": lambda k: {"sensitivity": 0.5},
    "LossScaleOptimizer": lambda k: {"inner_optimizer": k.optimizers.SGD(0.1, momentum=0.9)},
}  # fmt: skip
_HOMES = (
    "losses", "metrics", "optimizers", "optimizers.schedules", "initializers", "regularizers",
    "constraints",
)  # fmt: skip
_BASES = {"Loss", "Metric", "Optimizer", "LearningRateSchedule", "Initializer", "Regularizer",
          "Constraint", "MeanMetricWrapper", "MultiOptimizer", "OptimizerMap", "STFT",
          "StaticLossScaling", "CTC"}  # fmt: skip


def parts(k: Any) -> dict[str, Callable[[], Any]]:
    """All losses, metrics, optimizers and small parts that a release has, by place and class."""
    found: dict[str, Callable[[], Any]] = {}
    for home in _HOMES:
        module: Any = k
        for part in home.split("."):
            module = getattr(module, part)
        for name in dir(module):
            cls = getattr(module, name)
            if isinstance(cls, type) and name not in _BASES and hasattr(cls, "get_config"):
                needed = _NEEDED.get(name, lambda k: {})(k)
                found[f"{home}.{name}"] = lambda cls=cls, needed=needed: cls(**needed)
    return found
