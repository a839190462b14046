"""A user's functions for `fit`, `evaluate` and `predict` are called, as in Keras on JAX."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
import pytest

import rosenblatt as rb

X = np.linspace(-1, 1, 30, dtype="float32").reshape(10, 3)
Y = X.sum(axis=1, keepdims=True)
NAMES = {"train": "fit", "test": "evaluate", "predict": "predict"}


def model_of(library: Any, methods: dict[str, Any], **compiled: Any) -> Any:
    cls = type("Mine", (library.Sequential,), methods)
    dense = library.layers.Dense(1, kernel_initializer="ones")
    model = cls([library.Input((3,)), dense])
    model.compile(library.optimizers.SGD(0.1), "mse", metrics=["mae"], **compiled)
    return model


def results(model: Any, batch_size: int = 4, **fitted: Any) -> dict[str, Any]:
    """What training, evaluation and prediction give, in batches of 4, 4 and 2."""
    data = {"batch_size": batch_size, "verbose": 0}
    history = model.fit(X, Y, epochs=2, shuffle=False, validation_data=(X, Y), **data, **fitted)
    return {
        **history.history,
        "tested": list(model.evaluate(X, Y, **data)),
        "on batch": list(model.train_on_batch(X, Y)),
        "tested on batch": list(model.test_on_batch(X, Y)),
        "predicted": model.predict(X, **data),
        "predicted on batch": np.asarray(model.predict_on_batch(X)),
        "kernel": np.asarray(model.layers[-1].kernel),
        "iterations": int(np.asarray(model.optimizer.iterations)),
    }


def wrapped(seen: list[str]) -> dict[str, Any]:
    """The library's functions, called by others that note it and change what they give."""

    def maker(kind: str) -> Callable[..., None]:
        def make(self: Any, force: bool = False) -> None:
            if getattr(self, f"{kind}_function") is not None and not force:
                return
            getattr(super(type(self), self), f"make_{kind}_function")(force)
            inner = getattr(self, f"{kind}_function")

            def function(state: Any, iterator: Any) -> Any:
                seen.append(kind)
                found, state = inner(state, iterator)
                if kind == "predict":
                    return found * 2.0, state
                return {**found, "doubled": found["loss"] * 2}, state

            setattr(self, f"{kind}_function", function)

        return make

    return {f"make_{kind}_function": maker(kind) for kind in NAMES}


def of_two_batches(donates: bool) -> dict[str, Any]:
    """A function of one's own: a step on two batches at once, and on one where no other is left."""

    def make(self: Any, force: bool = False) -> None:
        if self.train_function is not None and not force:
            return
        step = jax.jit(self.train_step, donate_argnums=(0,) if donates else ())

        def function(state: Any, iterator: Iterator[Any]) -> Any:
            (x, y), rest = next(iterator), next(iterator, None)
            if rest is not None:
                x, y = np.concatenate([x, rest[0]]), np.concatenate([y, rest[1]])
            return step(state, (x, y))

        self.train_function = function

    return {"make_train_function": make}


def compare(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert sorted(ours) == sorted(theirs)
    for name, value in theirs.items():
        np.testing.assert_allclose(ours[name], value, rtol=1e-5, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("compiled", [{}, {"steps_per_execution": 2}, {"run_eagerly": True}])
def test_functions_around_the_library_s_are_called(compiled: dict[str, Any], keras: Any) -> None:
    found, calls = [], []
    for library in (rb, keras):
        seen: list[str] = []
        found.append(results(model_of(library, wrapped(seen), **compiled)))
        calls.append(seen)
    compare(*found)
    assert calls[0] == calls[1]
    assert set(calls[0]) == set(NAMES)


@pytest.mark.parametrize("donates", [False, True])
def test_a_function_takes_as_many_batches_as_it_wants(donates: bool) -> None:
    found = results(model_of(rb, of_two_batches(donates)))
    plain = model_of(rb, {})
    plain.fit(X, Y, epochs=2, batch_size=8, shuffle=False, verbose=0)
    plain.train_on_batch(X, Y)
    np.testing.assert_allclose(found["kernel"], plain.layers[-1].kernel, rtol=1e-5)
    assert found["iterations"] == 5


def test_it_is_the_same_with_hooks_for_batches(keras: Any) -> None:
    found, hooks = [], []
    for library in (rb, keras):
        seen: list[Any] = []

        class Batches(library.callbacks.Callback):  # type: ignore[misc, name-defined]
            heard = seen

            def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
                self.heard.append(("begin", batch))

            def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
                self.heard.append(("end", batch, sorted(logs)))

        model = model_of(library, wrapped([]), steps_per_execution=2)
        found.append(results(model, batch_size=5, callbacks=[Batches()]))
        hooks.append(seen)
    compare(*found)
    assert hooks[0] == hooks[1]


@pytest.mark.parametrize("kind", NAMES)
def test_a_function_that_was_set_on_the_model_is_used(kind: str, keras: Any) -> None:
    found = []
    for library in (rb, keras):
        model = model_of(library, {})
        model.build((None, 3))
        getattr(model, f"make_{kind}_function")()
        inner, seen = getattr(model, f"{kind}_function"), []

        def function(state: Any, batches: Any, inner: Any = inner, seen: Any = seen) -> Any:
            seen.append(kind)
            return inner(state, batches)

        setattr(model, f"{kind}_function", function)
        found.append((results(model), len(seen)))
    compare(found[0][0], found[1][0])
    assert found[0][1] == found[1][1] > 0


def test_the_library_s_own_function_changes_nothing() -> None:
    plain, made = model_of(rb, {}), model_of(rb, {})
    for kind in NAMES:
        getattr(made, f"make_{kind}_function")()
    first, second = results(plain), results(made)
    assert {k: np.asarray(v).tolist() for k, v in first.items()} == {
        k: np.asarray(v).tolist() for k, v in second.items()
    }


def test_methods_may_be_set_on_an_object(keras: Any) -> None:
    found = []
    for library in (rb, keras):
        model = model_of(library, {})
        inner = model.compute_loss
        model.compute_loss = lambda *args, inner=inner, **named: inner(*args, **named) * 2
        found.append(results(model))
    compare(*found)


MISTAKES: dict[str, tuple[Any, str]] = {
    "none": (None, "made no function"),
    "no batch": (lambda state, batches: ({}, state), "took no batch from its iterator"),
    "one thing": (lambda state, batches: next(batches)[0], "must return two things"),
    "no state": (lambda state, batches: ({"a": next(batches)[0].sum()}, 1), "the new state"),
}


@pytest.mark.parametrize("name", MISTAKES)
@pytest.mark.parametrize("kind", NAMES)
def test_mistakes_in_functions_are_told(kind: str, name: str) -> None:
    function, message = MISTAKES[name]

    def make(self: Any, force: bool = False) -> None:
        setattr(self, f"{kind}_function", function)

    model = model_of(rb, {f"make_{kind}_function": make})
    data = (X,) if kind == "predict" else (X, Y)
    with pytest.raises((TypeError, ValueError), match=message):
        getattr(model, NAMES[kind])(*data, verbose=0)


def evaluates(seen: list[Any]) -> dict[str, Any]:
    def evaluate(self: Any, x: Any = None, y: Any = None, **named: Any) -> Any:
        weight = named.get("sample_weight")
        shapes = [None if one is None else np.shape(one) for one in (x, y, weight)]
        seen.append((shapes, named["batch_size"], named.get("steps"), named.get("return_dict")))
        found = super(type(self), self).evaluate(x, y, **named)
        return {**found, "twice": 2 * found["loss"]}

    return {"evaluate": evaluate}


VALIDATIONS: dict[str, dict[str, Any]] = {
    "data": {"validation_data": (X[:6], Y[:6])},
    "list": {"validation_data": [X[:6], Y[:6]]},
    "weights": {"validation_data": (X, Y, np.arange(10.0, dtype="float32"))},
    "split": {"validation_split": 0.3},
    "steps": {"validation_data": (X, Y), "validation_steps": 2, "validation_batch_size": 2},
    "frequency": {"validation_data": (X, Y), "validation_freq": 2},
}


@pytest.mark.parametrize("name", VALIDATIONS)
def test_fit_asks_the_evaluate_of_a_subclass(name: str, keras: Any) -> None:
    found, calls = [], []
    for library in (rb, keras):
        seen: list[Any] = []
        model = model_of(library, evaluates(seen))
        data = {"batch_size": 4, "verbose": 0, "shuffle": False}
        found.append(dict(model.fit(X, Y, epochs=2, **data, **VALIDATIONS[name]).history))
        calls.append(seen)
    compare(*found)
    assert calls[0] == calls[1]
    assert "val_twice" in found[0]


def test_it_must_give_values_by_name() -> None:
    model = model_of(rb, {"evaluate": lambda self, *args, **named: 1.0})
    with pytest.raises(TypeError, match=r"`fit` calls with `return_dict=True`, must return a dict"):
        model.fit(X, Y, validation_data=(X, Y), verbose=0)
