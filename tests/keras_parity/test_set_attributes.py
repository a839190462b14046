"""Attributes that are set change what Keras's change: values, configs, and nothing else.

For each class and each attribute that both libraries let set, another value of its kind is set on
an object before its first use, and on one after it.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb

pytestmark = pytest.mark.filterwarnings("ignore")

X = np.linspace(0.1, 0.9, 12, dtype="float32").reshape(4, 3)
TARGETS = np.eye(3, dtype="float32")[[0, 1, 2, 0]]
PREDICTED = np.array(
    [[0.7, 0.2, 0.1], [0.3, 0.5, 0.2], [0.1, 0.4, 0.5], [0.3, 0.6, 0.1]], "float32"
)
CLASSES = np.array([0, 1, 2, 0], "int32")
FIXED = (rb.losses.Loss, rb.metrics.Metric)
WHEN = ("before", "after")
# Names of arguments whose values are None by default, and one that is another.
OTHERS: dict[str, Callable[[Any], Any]] = {
    "regularizer": lambda library: library.regularizers.L2(0.1),
    "constraint": lambda library: library.constraints.MaxNorm(0.1),
    "initializer": lambda library: library.initializers.Constant(0.25),
    "activation": lambda library: library.activations.tanh,
}
# What differs on purpose: class, attribute, moment, and why; docs/differences.md lists it.
MEANT = (
    (r"ELU\.alpha, \w+", "Keras's config goes on saying what the constructor was given"),
    (r"GroupedQueryAttention\.num_repeats, \w+", "follows from the numbers of heads"),
    (r"InputLayer\.(ragged|sparse), \w+", "nothing here computes with such tensors"),
    (r"RMSNormalization\.axis, after", "the scale has the size of the other axis: refused"),
    (r"SpectralNormalization\.built, before", "Keras never normalizes a kernel then"),
    (r"F(1|Beta)Score\.axis, \w+", "follows from `average`"),
)


def another(library: Any, name: str, value: Any) -> Any:
    """Another value of the same kind; None where that is a matter of more than the kind."""
    for ending, make in OTHERS.items():
        if name.endswith(ending):
            return make(library)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value * 0.5 or 0.5
    if name == "name":
        return "another"
    numbers = isinstance(value, (tuple, list)) and value and all(type(v) is int for v in value)
    return type(value)(v + 1 for v in value) if numbers else None


def plain(value: Any) -> Any:
    """What can be compared between the libraries."""
    text = json.dumps(value, default=lambda one: type(one).__name__, sort_keys=True)
    return text.replace("rosenblatt", "keras")


def config_of(one: Any) -> Any:
    try:
        return plain(one.get_config())
    except Exception:
        return "refused"


def values_of(use: Callable[[], Any]) -> Any:
    try:
        found = use()
    except Exception:
        return "refused"
    leaves = found if isinstance(found, list) else [found]
    return [np.asarray(one, "float32") for one in leaves]


def used(library: Any, one: Any, inputs: tuple[Any, ...]) -> Any:
    """What an object gives for fixed data."""
    if isinstance(one, library.layers.Layer):
        if not one.built:
            one(*inputs)
            for number, variable in enumerate(one.weights):
                size = int(np.prod(variable.shape))
                values = np.linspace(0.2, 0.9, size).reshape(variable.shape) + number / 10
                if "float" in str(variable.dtype):
                    variable.assign(values.astype("float32"))
        return [one(*inputs), *one.losses]
    if isinstance(one, library.losses.Loss):
        sparse = "Sparse" in type(one).__name__
        return one(CLASSES if sparse else TARGETS, PREDICTED)
    if isinstance(one, library.metrics.Metric):
        sparse = "Sparse" in type(one).__name__
        one.reset_state()
        if type(one).__name__ in ("Mean", "Sum"):
            one.update_state(X)
        else:
            one.update_state(CLASSES if sparse else TARGETS, PREDICTED)
        return one.result()
    if isinstance(one, library.optimizers.Optimizer):
        variable = library.Variable(X, name="w")
        if not one.built:
            one.build([variable])
        held = one._trainable_variables[0]
        held.assign(X)
        for _ in range(2):
            one.apply([np.full((4, 3), 0.3, "float32")])
        return held.value
    if isinstance(one, library.optimizers.schedules.LearningRateSchedule):
        return [one(step) for step in (0, 3, 12)]
    if isinstance(one, library.initializers.Initializer):
        return one((2, 2)) if getattr(one, "seed", None) is None else 0
    return one(X)


def outcome(library: Any, make: Callable[[], Any], inputs: Any, name: str, when: str) -> Any:
    """Values and config after an attribute was set; None where it cannot be."""
    one = make()
    if when == "after":
        values_of(lambda: used(library, one, inputs))
    if name:
        setattr(one, name, another(library, name, getattr(one, name)))
    return values_of(lambda: used(library, one, inputs)), config_of(one)


def equal(ours: Any, theirs: Any) -> bool:
    if "refused" in (ours, theirs) or isinstance(theirs, str):
        return bool(ours == theirs)
    return len(ours) == len(theirs) and all(
        a.shape == b.shape and np.allclose(a, b, rtol=1e-4, atol=1e-5, equal_nan=True)
        for a, b in zip(ours, theirs, strict=True)
    )


def settable(library: Any, one: Any) -> list[str]:
    """Attributes that can be set, and of which another value is known."""
    found = []
    for name in dir(one):
        if name.startswith("_"):
            continue
        try:
            value = getattr(one, name)
            if another(library, name, value) is not None:
                setattr(one, name, value)
                found.append(name)
        except Exception:
            continue
    return found


def compared(
    members: ModuleType, keras: Any, section: str, give_back: Callable[[], None]
) -> dict[str, str]:
    """Of each class, attribute and moment: "" or what differs."""
    told: dict[str, str] = {}
    find = {"keras": keras, "rosenblatt": rb}
    for pair in members.pairs((section,), lambda name, part: _inner(find[name], part)):
        if not isinstance(pair.theirs, type):
            continue
        name = pair.theirs.__name__
        make = members.EXAMPLES.get(name, members.EXAMPLES.get(pair.name, members._given()))
        makes = {
            library: functools.partial(make, library, cls)
            for library, cls in ((keras, pair.theirs), (rb, pair.ours))
        }
        inputs = members.INPUTS.get(name, (members.X,))
        told |= _of_class(name, makes, inputs, keras)
        give_back()  # the programs of all layers' settings take a gigabyte
    return told


def _of_class(name: str, makes: Any, inputs: Any, keras: Any) -> dict[str, str]:
    told: dict[str, str] = {}
    try:
        names = settable(keras, makes[keras]())
        ours = makes[rb]()
    except Exception:
        return {}  # needs TensorFlow, or is a base with arguments of its own
    for when in WHEN:
        before = [outcome(lib, makes[lib], inputs, "", when) for lib in (rb, keras)]
        for attribute in filter(functools.partial(hasattr, ours), names):
            try:
                theirs = outcome(keras, makes[keras], inputs, attribute, when)
            except Exception:
                continue
            key = f"{name}.{attribute}, {when}"
            try:
                found = outcome(rb, makes[rb], inputs, attribute, when)
            except Exception as error:
                told[key] = f"cannot be set: {error!s:.80}"
            else:
                told[key] = difference(before, found, theirs, isinstance(ours, FIXED))
    return told


def difference(before: list[Any], ours: Any, theirs: Any, fixed: bool) -> str:
    """What differs after an attribute was set, where nothing did before it; "".

    What Keras cannot compute, ours may. A loss or metric of Keras's has handed its arguments on
    when it is made (`fixed`), so what is set has no effect; ours counts.
    """
    (our_values, our_config), (their_values, their_config) = before
    ignored = fixed and equal(theirs[0], their_values)
    computed = theirs[0] != "refused" and not ignored and equal(our_values, their_values)
    if computed and not equal(ours[0], theirs[0]):
        return f"gives {ours[0]!s:.60}, Keras {theirs[0]!s:.60}"
    if _unnamed(our_config) == _unnamed(their_config) and _unnamed(ours[1]) != _unnamed(theirs[1]):
        return f"config {ours[1]:.200}, Keras {theirs[1]:.200}"
    return ""


def _unnamed(config: str) -> str:
    """A config with the numbers that tell names apart left out."""
    return re.sub(r'("name": "\w+?)_\d+"', r'\1"', config)


def _inner(library: Any, section: str) -> Any:
    for part in section.split("."):
        library = getattr(library, part)
    return library


# How many effects are compared, at least.
LEAST = {
    "layers": 1000, "losses": 90, "metrics": 200, "optimizers": 250, "optimizers.schedules": 30,
    "initializers": 20, "regularizers": 5, "constraints": 5,
}  # fmt: skip


@pytest.mark.parametrize("section", LEAST)
def test_a_set_attribute_has_keras_s_effect(
    section: str, tool: Any, keras: Any, give_back: Callable[[], None]
) -> None:
    told = compared(tool("keras_members"), keras, section, give_back)
    assert len(told) >= LEAST[section]
    meant = re.compile("|".join(pattern for pattern, _ in MEANT))
    differ = [f"{k}: {text}" for k, text in told.items() if text and not meant.fullmatch(k)]
    assert not differ, f"{len(differ)} of {len(told)}\n" + "\n".join(differ)


LATE = {
    "SGD": {"momentum": 0.9},
    "Adam": {"amsgrad": True},
    "RMSprop": {"centered": True},
    "Adagrad": {"use_ema": True},
    "Lion": {"gradient_accumulation_steps": 2},
}


@pytest.mark.parametrize("name", LATE)
def test_what_a_built_optimizer_has_no_variables_for_is_refused(name: str) -> None:
    (attribute,) = LATE[name]
    optimizer, weight = getattr(rb.optimizers, name)(0.1), rb.Variable(X, name="w")
    optimizer.apply([np.ones_like(X)], [weight])
    setattr(optimizer, attribute, LATE[name][attribute])
    with pytest.raises(ValueError, match="was built without the variables that it needs now"):
        optimizer.apply([np.ones_like(X)], [weight])


def watched(library: Any, name: str, attribute: str, when: int, folder: Any) -> Any:
    """What a callback does in eight epochs, an attribute being set before one of them."""
    folder.mkdir()
    files = {"ModelCheckpoint": "{epoch}.weights.h5", "CSVLogger": "log.csv"}
    given = {"monitor": "loss"} if name not in ("CSVLogger", "TerminateOnNaN") else {}
    path = [str(folder / files[name])] if name in files else []
    if name == "ModelCheckpoint":
        given["save_weights_only"] = True
    callback = getattr(library.callbacks, name)(*path, **given)
    model = library.Sequential([library.Input((3,)), library.layers.Dense(1)])
    model.compile(library.optimizers.SGD(1.0), "mse")
    model.optimizer.build(model.trainable_variables)
    callback.set_params({"epochs": 8, "verbose": 0, "steps": 1})
    callback.set_model(model)
    callback.on_train_begin()
    told: list[Any] = []
    for epoch, loss in enumerate((1.0, 0.8, 0.80005, 0.9, 0.8, 0.95, 0.7, 0.7)):
        if epoch == when and attribute:
            setattr(callback, attribute, another(library, attribute, getattr(callback, attribute)))
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {"loss": loss})
        rate = float(np.asarray(model.optimizer.learning_rate))
        told.append((model.stop_training, round(rate, 6), sorted(p.name for p in folder.iterdir())))
    callback.on_train_end()
    return told


@pytest.mark.parametrize(
    "name", ["EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint", "TerminateOnNaN", "CSVLogger"]
)
def test_a_callback_whose_attribute_is_set_does_as_keras_s(
    name: str, keras: Any, tmp_path: Any
) -> None:
    first = watched(keras, name, "", 0, tmp_path / "none")
    arguments = (["log.csv"] if name == "CSVLogger" else []) + (
        ["a.weights.h5", "loss", 0, False, True] if name == "ModelCheckpoint" else []
    )
    names = settable(keras, getattr(keras.callbacks, name)(*arguments))
    names = [one for one in names if one != "save_weights_only"]  # no model in a file of weights
    differ, compared = [], 0
    for number, (attribute, when) in enumerate((n, w) for n in names for w in (0, 3)):
        found = []
        for library in (rb, keras):
            folder = tmp_path / f"{number} {library.__name__}"
            try:
                found.append(watched(library, name, attribute, when, folder))
            except Exception:
                found.append(None)
        if found[1] is not None:
            compared += 1
            if found[0] != found[1]:
                differ.append(f"{attribute}, {when}: {found[0]}, Keras {found[1]}")
    assert first
    assert compared > 1
    assert not differ, "\n".join(differ)
