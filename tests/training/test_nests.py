"""Nests of outputs, losses, weights, metrics and targets, compared with Keras on JAX."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import rosenblatt as rb

Pair = namedtuple("Pair", "a b")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(8, 3)).astype("float32")
A, B, C = (RNG.normal(size=(8, n)).astype("float32") for n in (1, 2, 1))
WA, WB, WC = (RNG.uniform(size=8).astype("float32") for _ in range(3))

# Nests of three parts; the flat ones leave the last one out.
NESTS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "one": lambda a, b, c: a,
    "list of one": lambda a, b, c: [a],
    "tuple of one": lambda a, b, c: (a,),
    "dict of one": lambda a, b, c: {"a": a},
    "list": lambda a, b, c: [a, b],
    "tuple": lambda a, b, c: (a, b),
    "dict": lambda a, b, c: {"b": b, "a": a},
    "ordered dict": lambda a, b, c: OrderedDict([("b", b), ("a", a)]),
    "named tuple": lambda a, b, c: Pair(a, b),
    "dict of dict": lambda a, b, c: {"m": {"a": a, "b": b}, "c": c},
    "dict of tuple": lambda a, b, c: {"m": (a, b), "c": c},
    "list of tuple": lambda a, b, c: [(a, b), c],
    "list of dict": lambda a, b, c: [{"a": a, "b": b}, c],
    "named tuple of dict": lambda a, b, c: Pair({"x": a, "y": b}, c),
}
NESTED = [name for name in NESTS if " of " in name and not name.endswith("one")]


def model_of(library: Any, nest: str, subclassed: bool = False, base: Any = None) -> Any:
    def layers() -> list[Any]:
        return [
            library.layers.Dense(n, name=name) for name, n in zip("abc", (1, 2, 1), strict=True)
        ]

    if subclassed:

        class Mine(library.Model):  # type: ignore[name-defined, misc]
            def __init__(self) -> None:
                super().__init__()
                self.parts = layers()

            def call(self, inputs: Any) -> Any:
                return NESTS[nest](*(part(inputs) for part in self.parts))

        model = Mine()
        model(X)
    else:
        inputs = library.Input((3,))
        outputs = NESTS[nest](*(part(inputs) for part in layers()))
        model = (base or library.Model)(inputs, outputs)
    for variable in model.weights:
        size = int(np.prod(variable.shape))
        variable.assign(np.linspace(-0.5, 0.7, size).reshape(variable.shape))
    return model


def compiled(library: Any, model: Any, **arguments: Any) -> Any:
    eager = library is not rb  # the same numbers, and nothing to compile
    model.compile(library.optimizers.SGD(0.1), run_eagerly=eager, **arguments)
    return model


def same(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert sorted(ours) == sorted(theirs)
    for name, value in theirs.items():
        np.testing.assert_allclose(ours[name], value, rtol=2e-4, atol=1e-6, err_msg=name)


def shapes(nest: Any) -> Any:
    """A nest with its containers, and shapes in place of arrays."""
    if isinstance(nest, dict):
        return type(nest).__name__, {key: shapes(part) for key, part in nest.items()}
    if isinstance(nest, (list, tuple)):
        return type(nest).__name__, [shapes(part) for part in nest]
    return tuple(nest.shape)


@pytest.mark.parametrize("subclassed", [False, True], ids=["functional", "subclassed"])
@pytest.mark.parametrize("nest", NESTS)
def test_outputs_come_back_in_their_nest(nest: str, subclassed: bool, keras: Any) -> None:
    def found(library: Any) -> list[Any]:
        model = model_of(library, nest, subclassed)
        return [shapes(out) for out in (model(X), model.predict(X, verbose=0))]

    assert found(rb) == found(keras)


@pytest.mark.parametrize("nest", NESTS)
def test_everything_in_the_nest_of_the_outputs(nest: str, keras: Any) -> None:
    made = NESTS[nest]
    lists = nest == "one"

    def found(library: Any) -> dict[str, Any]:
        model = compiled(
            library,
            model_of(library, nest),
            loss=made("mse", "mae", "mse"),
            loss_weights=made(1.0, 2.0, 3.0),
            metrics=["mae"] if lists else made(["mae"], ["mae", "mse"], ["mse"]),
            weighted_metrics=["mse"] if lists else made(["mse"], ["mae"], ["mae"]),
        )
        kept = (X, made(A, B, C), made(WC, WA, WB))
        history = model.fit(
            X, made(A, B, C), sample_weight=made(WA, WB, WC), validation_data=kept, verbose=0
        )
        return dict(history.history)

    same(found(rb), found(keras))


def joint(y_true: Any, y_pred: Any) -> Any:
    leaves = jax.tree_util.tree_leaves((y_true, y_pred))
    return sum(jnp.mean(leaf**2, axis=-1) for leaf in leaves)


LOSSES: dict[str, tuple[str, Any, Any]] = {
    "for a nest": ("dict of dict", {"m": joint, "c": "mse"}, None),
    "for a nest alone": ("dict of dict", {"m": joint}, None),
    "for a tuple": ("dict of tuple", {"m": joint, "c": "mse"}, {"m": 2.0, "c": 3.0}),
    "by place": ("list of dict", [joint, "mse"], None),
    "of a nest and of its parts": (
        "dict of dict",
        {"m": [joint, {"a": "mse", "b": "mae"}], "c": "mse"},
        {"m": [1.0, {"a": 2.0, "b": 3.0}], "c": 4.0},
    ),
    "of all and of each": ("dict", [joint, {"a": "mse", "b": "mae"}], None),
    "several of one": ("dict", {"a": ["mse", "mae"], "b": ["mae"]}, {"a": [1.0, 2.0], "b": [3.0]}),
    "weights in a list": ("dict", {"a": ["mse", "mae"], "b": ["mae"]}, [1.0, 2.0, 3.0]),
    "several in a list": ("list", [["mse", "mae"], "mae"], None),
    "a list of one": ("dict", {"a": ["mse"], "b": "mae"}, None),
    "in another order": ("dict", {"b": "mse", "a": "mae"}, None),
    "of one output": ("dict", {"a": "mse"}, None),
    "by the layers' names": ("list", {"a": "mse", "b": "mae"}, {"b": 2.0, "a": 1.0}),
    "one and none": ("list", ["mse", None], None),
}


@pytest.mark.parametrize("subclassed", [False, True], ids=["functional", "subclassed"])
@pytest.mark.parametrize("name", LOSSES)
def test_losses(name: str, subclassed: bool, keras: Any) -> None:
    nest, loss, weights = LOSSES[name]
    if subclassed and "dict" not in nest:
        pytest.skip("outputs without keys have no names: docs/differences.md")

    def found(library: Any) -> tuple[dict[str, Any], list[float]]:
        model = model_of(library, nest, subclassed)
        compiled(library, model, loss=loss, loss_weights=weights)
        data = X, NESTS[nest](A, B, C)
        return model.evaluate(*data, return_dict=True, verbose=0), model.evaluate(*data, verbose=0)

    ours, theirs = found(rb), found(keras)
    if not (subclassed and nest == "list of dict"):
        same(ours[0], theirs[0])
    np.testing.assert_allclose(ours[0]["loss"], theirs[0]["loss"], rtol=2e-4)
    if np.ndim(theirs[1]) and len(theirs[0]) == len(theirs[1]):
        np.testing.assert_allclose(ours[1], theirs[1], rtol=2e-4)


def test_a_joint_loss_and_sample_weights() -> None:
    model = compiled(rb, model_of(rb, "dict of dict"), loss={"m": joint, "c": "mse"})
    y = NESTS["dict of dict"](A, B, C)
    once = model.evaluate(X, y, sample_weight=np.ones(8, "float32"), verbose=0)
    twice = model.evaluate(X, y, sample_weight=np.full(8, 2.0, "float32"), verbose=0)
    np.testing.assert_allclose(twice, 2 * np.array(once), rtol=1e-5)
    with pytest.raises(ValueError, match="Loss 'm' is of several outputs together"):
        model.evaluate(X, y, sample_weight=NESTS["dict of dict"](WA, WB, WC), verbose=0)


def test_several_losses_of_the_only_output_are_added() -> None:
    model = compiled(rb, model_of(rb, "one"), loss=["mse", "mae"])
    error = np.asarray(model(X)) - A
    found = model.evaluate(X, A, return_dict=True, verbose=0)["loss"]
    np.testing.assert_allclose(found, np.mean(error**2) + np.mean(np.abs(error)), rtol=1e-5)


def test_a_wrong_number_of_weights_is_refused() -> None:
    loss = {"a": ["mse", "mae"], "b": "mse"}
    model = compiled(rb, model_of(rb, "dict"), loss=loss, loss_weights={"a": [1.0, 2.0, 3.0]})
    with pytest.raises(ValueError, match="`loss_weights` must match the losses"):
        model.evaluate(X, {"a": A, "b": B}, verbose=0)


@pytest.mark.parametrize("name", ["ce", "crossentropy", "CE"])
@pytest.mark.parametrize("labels", ["one-hot", "ids", "binary"])
def test_the_crossentropy_that_shapes_tell(name: str, labels: str, keras: Any) -> None:
    ids = np.arange(8) % 2
    y = {"one-hot": np.eye(2, dtype="float32")[ids], "ids": ids, "binary": ids[:, None]}[labels]
    units = 1 if labels == "binary" else 2

    def found(library: Any) -> dict[str, Any]:
        inputs = library.Input((3,))
        dense = library.layers.Dense(units, "sigmoid", kernel_initializer="ones")
        model = compiled(library, library.Model(inputs, dense(inputs)), loss=name)
        return model.evaluate(X, y, return_dict=True, verbose=0)  # type: ignore[no-any-return]

    same(found(rb), found(keras))


@pytest.mark.parametrize("with_training", [False, True])
def test_compute_loss_says_which_outputs_the_losses_are_for(
    with_training: bool, keras: Any
) -> None:
    def found(library: Any) -> dict[str, Any]:
        def compute_loss(
            self: Any, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None
        ) -> Any:
            first = super(Mine, self).compute_loss(x, y, y_pred["a"], sample_weight)
            return first + 0.5 * library.ops.mean(library.ops.square(y_pred["b"]))

        def also_training(
            self: Any,
            x: Any = None,
            y: Any = None,
            y_pred: Any = None,
            sample_weight: Any = None,
            training: bool = True,
        ) -> Any:
            return compute_loss(self, x, y, y_pred, sample_weight)

        def compute_metrics(
            self: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
        ) -> Any:
            return super(Mine, self).compute_metrics(x, y, y_pred["a"], sample_weight)

        methods = {"compute_loss": also_training if with_training else compute_loss}
        Mine = type("Mine", (library.Model,), {**methods, "compute_metrics": compute_metrics})
        model = model_of(library, "dict", base=Mine)
        compiled(library, model, loss="mse", metrics=["mae"])
        history = dict(model.fit(X, A, epochs=2, batch_size=8, shuffle=False, verbose=0).history)
        tested = model.evaluate(X, A, return_dict=True, verbose=0)
        return {**history, **{f"test_{name}": value for name, value in tested.items()}}

    same(found(rb), found(keras))
