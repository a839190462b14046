"""Models as lines of text."""

from __future__ import annotations

from typing import Any

import numpy as np

import rosenblatt as rb
from rosenblatt import layers
from rosenblatt.utils import text_diagram


def lines(model: Any, **options: Any) -> list[str]:
    return [line.rstrip() for line in text_diagram(model, **options).splitlines()]


def test_a_chain() -> None:
    model = rb.Sequential([rb.Input((4,)), layers.Dense(300, name="one"), layers.Dropout(0.5)])
    assert lines(model) == [
        "● one (Dense)         (None, 300)  1,500",
        "● dropout (Dropout)   (None, 300)",
    ]
    assert lines(rb.Sequential([layers.Dense(2, name="one")])) == ["● one (Dense)   ?"]
    assert text_diagram(rb.Sequential()) == ""


def test_branches_meet_and_part() -> None:
    inputs = rb.Input((4,), name="in")
    a, b, c = (layers.Dense(2, name=name)(inputs) for name in "abc")
    joined = layers.Concatenate(name="joined")([a, c])
    model = rb.Model(inputs, [layers.Add(name="sum")([a, b]), joined])
    text = [line.split("   ")[0] for line in lines(model)]
    assert text == [
        "● in (InputLayer)",
        "├─┐",
        "│ ● a (Dense)",
        "├─│─┐",
        "│ │ ● b (Dense)",
        "● │ │ c (Dense)",
        "│ ├─┤",
        "│ │ ● sum (Add)",
        "├─┘",
        "● joined (Concatenate)",
    ]


def test_a_layer_called_again_and_an_input_taken_twice() -> None:
    inputs = rb.Input((2,), name="in")
    layer = layers.Dense(2, name="twice")
    outputs = layers.Add(name="double")([layer(layer(inputs))] * 2)
    text = [line.split("   ")[0] for line in lines(rb.Model(inputs, outputs))]
    assert text == ["● in (InputLayer)", "● twice (Dense)", "● twice (Dense)", "● double (Add)"]


def test_inner_models_once() -> None:
    inner = rb.Sequential([rb.Input((2,)), layers.Dense(2, name="one")], name="inner")
    inputs = rb.Input((2,), name="in")
    model = rb.Model(inputs, inner(inner(inputs)))
    assert lines(model, expand_nested=True) == [
        "● in (InputLayer)      (None, 2)",
        "● inner (Sequential)   (None, 2)  6",
        "│ ○ one (Dense)        (None, 2)  6",
        "● inner (Sequential)   (None, 2)  6",
    ]
    assert len(lines(model)) == 3


def test_a_subclassed_model_is_a_list() -> None:
    class Net(rb.Model):
        def __init__(self) -> None:
            super().__init__()
            self.one = layers.Dense(2, name="one")
            self.parts = [layers.Dense(1, name="two")]

        def call(self, x: Any) -> Any:
            return self.parts[0](self.one(x))

    net = Net()
    assert lines(net) == [
        "· one (Dense)   ?",
        "· two (Dense)   ?",
        "Order unknown: the layers are called by Python code in `call()`.",
    ]
    net(np.ones((3, 4), "float32"))
    assert lines(net)[0] == "· one (Dense)   (3, 2)  10"
