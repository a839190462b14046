"""Objects to configs and back, in Keras's format, and nothing run on the way."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.core import registry
from rosenblatt.core.family import Family

serialize = rb.saving.serialize_keras_object
deserialize = rb.saving.deserialize_keras_object
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")


def relu(x: float) -> float:
    return max(x, 0.0)


def tanh(x: float) -> float:
    return float(np.tanh(x))


class Thing:
    def get_config(self) -> dict[str, Any]:
        return {}


def family_of(kind: str, **named: Any) -> Family:
    """A family with these parts under these names."""
    family = Family(kind, "docs.things", __name__)
    for name, part in named.items():
        family.entry(name)(part)
    return family


PLAIN = [
    None, 1, 2.5, "text", True, [1, [2, None]], {"a": {"b": 1}}, (1, 2), b"raw",
    slice(1, None, 2), ..., np.array([[1.0, 2.0]], "float32"), np.float32(0.5), np.int64(3),
]  # fmt: skip


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_plain_values_go_and_come_back(value: Any) -> None:
    config = serialize(value)
    again = deserialize(config)
    if isinstance(value, np.ndarray):
        np.testing.assert_array_equal(again, value)
        assert again.dtype == value.dtype
    else:
        assert again == value
    json.dumps(config)


def test_jax_arrays_come_back_as_jax_arrays() -> None:
    again = deserialize(json.loads(json.dumps(serialize(jnp.array([1.0, 2.0], "bfloat16")))))
    assert again.dtype == "bfloat16"
    assert again.tolist() == [1, 2]


OBJECTS = [
    lambda k: k.layers.Dense(3, "relu", kernel_regularizer="l2"),
    lambda k: k.layers.Dropout(0.5),
    lambda k: k.losses.MeanSquaredError(),
    lambda k: k.metrics.RootMeanSquaredError(),
    lambda k: k.initializers.HeNormal(seed=3),
    lambda k: k.regularizers.L2(0.25),
    lambda k: k.optimizers.Adam(0.01),
    lambda k: k.optimizers.SGD(k.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)),
    lambda k: k.activations.relu,
    lambda k: {"a": [k.layers.Flatten(), None]},
]


@pytest.mark.parametrize("make", OBJECTS)
def test_objects_serialize_as_kerass_and_load_there(keras: Any, make: Any) -> None:
    rb.backend.clear_session(free_memory=False)
    keras.backend.clear_session(free_memory=False)
    config, expected = serialize(make(rb)), keras.saving.serialize_keras_object(make(keras))
    if not callable(make(rb)) or isinstance(config, dict):
        assert json.loads(json.dumps(config)) == json.loads(json.dumps(expected))
        again = deserialize(json.loads(json.dumps(expected)))
        assert json.loads(json.dumps(serialize(again))) == json.loads(json.dumps(config))
        keras.saving.deserialize_keras_object(json.loads(json.dumps(config)))


@rb.saving.register_keras_serializable("tests")
class Known:
    """A registered class."""

    def __init__(self, size: int):
        self.size = size

    def get_config(self) -> dict[str, Any]:
        return {"size": self.size}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Known:
        return cls(**config)


@rb.saving.register_keras_serializable("tests", "squared")
def square(x: Any) -> Any:
    return x * x


class Unknown(Known):
    """A class that nobody registered."""


def test_registered_classes_and_functions() -> None:
    config = serialize(Known(3))
    assert config == {
        "module": "test_registry",
        "class_name": "Known",
        "config": {"size": 3},
        "registered_name": "tests>Known",
    }
    assert deserialize(config).size == 3
    assert deserialize(serialize(square)) is square
    assert registry.get_registered_name(square) == "tests>squared"
    assert registry.get_registered_object("tests>Known") is Known
    assert "tests>Known" in registry.get_custom_objects()
    layer = rb.layers.Dense(2, activation=square)
    assert rb.layers.deserialize(rb.layers.serialize(layer)).activation is square
    assert rb.activations.get("tests>squared") is square


def test_classes_given_by_name() -> None:
    config = serialize(Unknown(4))
    assert config["registered_name"] == "Unknown"
    assert type(deserialize(config, custom_objects={"Unknown": Unknown})) is Unknown
    with rb.saving.custom_object_scope({"Unknown": Unknown}):
        assert deserialize(config).size == 4
        with rb.saving.custom_object_scope({"Unknown": Known}):
            assert type(deserialize(config)) is Known
    with pytest.raises(TypeError):
        deserialize(config)


def test_a_file_cannot_import_or_run_anything() -> None:
    assert "antigravity" not in sys.modules
    for config in (
        {"module": "antigravity", "class_name": "Thing", "config": {}, "registered_name": None},
        {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"},
        {"module": "builtins", "class_name": "function", "config": "eval"}
        | {"registered_name": "eval"},
    ):
        with pytest.raises(TypeError, match="Unknown class or function"):
            deserialize(config)
    assert "antigravity" not in sys.modules
    with pytest.raises(ValueError) as caught:
        deserialize({"class_name": "__lambda__", "config": {"value": "4wEAAA"}})
    assert str(caught.value) == (
        "The file holds the code of a lambda, which is not run. Fix: save it with a named function "
        "instead, and pass that in `custom_objects`; or load it with `safe_mode=False`, if you "
        "know who made it."
    )


def without_config() -> Any:
    class Bare:
        pass

    return rb.saving.register_keras_serializable()(Bare)


def not_from_config() -> Any:
    class Half:
        def get_config(self) -> dict[str, Any]:
            return {}

    return deserialize(serialize(Half()), custom_objects={"Half": Half})


MESSAGES: dict[str, tuple[Any, type[Exception], str]] = {
    "unknown, with a near one": (
        lambda: deserialize({"module": "keras.layers", "class_name": "Dnse", "config": {}}),
        TypeError,
        "Unknown class or function 'Dnse' (module 'keras.layers'). Fix: import the file that "
        "defines it and decorate it with `@rosenblatt.saving.register_keras_serializable()`, or "
        "pass `custom_objects={'Dnse': Dnse}`; did you mean 'Dense'?",
    ),
    "no get_config": (
        without_config,
        ValueError,
        "Cannot register class Bare: it has no `get_config()` method. Fix: add `get_config()` that "
        "returns the arguments of `__init__`.",
    ),
    "no from_config": (
        not_from_config,
        TypeError,
        "Class Half cannot be made from a config. Fix: add the class method "
        "`from_config(cls, config)`.",
    ),
    "not data": (
        lambda: deserialize({1, 2}),
        TypeError,
        "Cannot deserialize. Given: set: {1, 2}.",
    ),
    "a family: a near name": (
        lambda: family_of("activation", relu=relu, tanh=tanh).get("reul"),
        ValueError,
        "Unknown activation 'reul'. Fix: did you mean 'relu'?",
    ),
    "a family: no name near": (
        lambda: family_of("activation", relu=relu, tanh=tanh).get("zz"),
        ValueError,
        "Unknown activation 'zz'. Fix: known names: relu, tanh.",
    ),
    "a family: no such thing": (
        lambda: family_of("loss").get(3),
        ValueError,
        "Cannot understand this loss. Given: 3. Expected: a name, a config dict, a function or an "
        "object of a loss class.",
    ),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_message(case: str) -> None:
    make, kind, text = MESSAGES[case]
    with pytest.raises(kind) as caught:
        make()
    assert str(caught.value) == text


def test_an_object_without_get_config_cannot_be_saved() -> None:
    with pytest.raises(TypeError, match=r"class object has no `get_config\(\)`"):
        serialize(object())


def test_a_family_finds_its_parts() -> None:
    family = family_of("thing", a=Thing, b=relu)
    assert family.get(None) is None
    assert family.get("b") is relu
    assert family.find("a") is Thing
    assert isinstance(family.get("a"), Thing)
    assert family.get(len) is len
    assert isinstance(family.get(serialize(rb.regularizers.L2(0.5))), rb.regularizers.L2)


FIRST_QUESTION = """
import importlib, json, os, sys

module, names = json.loads(sys.stdin.read())
family = importlib.import_module(module).family
for name in names:
    if not os.fork():  # a child has loaded nothing but the base
        os._exit(family.find(name) is None)
    if os.wait()[1]:
        print(name)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a process for each name")
@pytest.mark.parametrize("home", ["initializers", "losses", "metrics", "optimizers"])
def test_a_name_is_found_whatever_was_loaded_before(home: str) -> None:
    family = importlib.import_module(f"rosenblatt.{home}.base").family
    asked = json.dumps([f"rosenblatt.{home}.base", sorted(family.parts)])
    assert len(family.parts) > 10
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FIRST_QUESTION],
        input=asked,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
