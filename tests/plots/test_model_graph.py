"""Pictures of models: what the boxes say, that they do not overlap, what arrows join."""

from __future__ import annotations

import itertools
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import FancyArrowPatch, Rectangle

import rosenblatt as rb
from rosenblatt import layers, plots, utils
from rosenblatt.plots.layered import layered, rows


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def wide_and_deep() -> Any:
    wide, deep = rb.Input((5,), name="wide"), rb.Input((6,), name="deep")
    hidden = layers.Dense(30, "relu", name="hidden")(deep)
    joined = layers.Concatenate(name="joined")([wide, hidden])
    outputs = [layers.Dense(1, name="main")(joined), layers.Dense(1, name="aux")(hidden)]
    return rb.Model([wide, deep], outputs, name="wide_and_deep")


def nested() -> Any:
    """An inner model called twice, one with two outputs, a layer called on its own output."""
    base = rb.Sequential([rb.Input((4,)), layers.Dense(8, "relu", name="d1")], name="base")
    base.trainable = False
    start = rb.Input((8,), name="start")
    inner = rb.Model(
        start,
        [layers.Dense(2, name="left")(start), layers.Dense(3, name="right")(start)],
        name="in",
    )
    shared = layers.Dense(8, "tanh", name="shared")
    a, b = rb.Input((4,), name="a"), rb.Input((4,), name="b")
    left, right = inner(base(b))
    joined = layers.Concatenate(name="joined")([shared(shared(base(a))), left])
    return rb.Model([a, b], [layers.Dense(1, name="out")(joined), right], name="outer")


class Net(rb.Model):
    """Its structure is code."""

    def __init__(self) -> None:
        super().__init__(name="net")
        self.hidden = layers.Dense(3, name="hidden")
        self.head = layers.Dense(1, name="head")

    def call(self, x: Any) -> Any:
        return self.head(self.hidden(x))


def texts(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts]


def arrows(model: Any, **options: Any) -> set[str]:
    dot = utils.model_to_dot(model, **options)
    return set(re.findall(r'"(\S+)" -> "(\S+)";', dot))


# -- what the boxes say ----------------------------------------------------------------------


def test_boxes_tell_what_is_asked_for() -> None:
    model = rb.Sequential(
        [rb.Input((4,)), layers.Dense(3, "relu", name="one"), layers.Dropout(0.5)]
    )
    model.layers[0].trainable = False
    assert texts(plots.model_graph(model)) == ["Dense", "Dropout"]
    full = plots.model_graph(
        model,
        show_shapes=True,
        show_dtype=True,
        show_layer_names=True,
        show_layer_activations=True,
        show_trainable=True,
    )
    assert texts(full) == [
        "one (Dense)",
        "Activation: relu",
        "Input: (None, 4)",
        "Output: (None, 3)",
        "Output dtype: float32",
        "Non-trainable",
        "dropout (Dropout)",
        "Input: (None, 3)",
        "Output: (None, 3)",
        "Output dtype: float32",
    ]


def test_shapes_of_several_inputs_and_of_what_is_not_built() -> None:
    shown = texts(plots.model_graph(wide_and_deep(), show_shapes=True))
    assert "Input: [(None, 5), (None, 30)]" in shown
    assert sum(text.startswith("Input:") for text in shown) == 4  # the `Input`s have none
    waiting = rb.Sequential([layers.Dense(3)])
    assert texts(plots.model_graph(waiting, show_shapes=True, show_dtype=True))[1:] == [
        "Input: ?",
        "Output: ?",
        "Output dtype: float32",
    ]
    net = Net()
    net(np.ones((2, 4), "float32"))
    shown = texts(plots.model_graph(net, show_shapes=True))
    assert "Input: (2, 4)" in shown and "Output: (2, 1)" in shown


def test_inner_models_are_drawn_when_asked() -> None:
    assert "base (Sequential)" in texts(plots.model_graph(nested(), show_layer_names=True))
    shown = texts(plots.model_graph(nested(), show_layer_names=True, expand_nested=True))
    assert {"base", "in", "d1 (Dense)", "start (InputLayer)", "left (Dense)"} <= set(shown)
    assert "base (Sequential)" not in shown


def test_a_subclassed_model_is_listed_and_says_why() -> None:
    axes = plots.model_graph(Net(), show_layer_names=True)
    note = "Order unknown: the layers are called by Python code in `call()`."
    assert sorted(texts(axes)) == sorted([note, "hidden (Dense)", "head (Dense)"])
    assert not any(isinstance(patch, FancyArrowPatch) for patch in axes.patches)
    inputs = rb.Input((4,))
    outer = rb.Model(inputs, layers.Dense(2)(Net()(inputs)))
    assert note in texts(plots.model_graph(outer, expand_nested=True))
    assert "Net" in texts(plots.model_graph(outer))


# -- what the arrows join --------------------------------------------------------------------


def test_arrows_join_layers() -> None:
    assert arrows(wide_and_deep()) == {
        ("wide", "joined"),
        ("deep", "hidden"),
        ("hidden", "joined"),
        ("hidden", "aux"),
        ("joined", "main"),
    }
    sequence = rb.Sequential([layers.Dense(2, name=name) for name in "abc"])
    assert arrows(sequence) == {("a", "b"), ("b", "c")}
    assert arrows(Net()) == set()


def test_arrows_go_into_inner_models() -> None:
    outer = {("a", "base"), ("b", "base"), ("base", "shared"), ("shared", "shared")}
    outer |= {("shared", "joined"), ("joined", "out"), ("base", "in"), ("in", "joined")}
    assert arrows(nested()) == outer
    assert arrows(nested(), expand_nested=True) == {
        ("a", "base/d1"),
        ("b", "base/d1"),
        ("base/d1", "shared"),
        ("shared", "shared"),
        ("shared", "joined"),
        ("joined", "out"),
        ("base/d1", "in/start"),
        ("in/start", "in/left"),
        ("in/start", "in/right"),
        ("in/left", "joined"),
    }


def test_arrows_equal_those_of_keras(keras: Any) -> None:
    """Keras draws with pydot, which is not needed: its graph is known from its nodes."""
    inputs = keras.Input((4,), name="in")
    hidden = keras.layers.Dense(3, name="h")(inputs)
    total = keras.layers.Add(name="sum")([hidden, keras.layers.Dense(3, name="k")(hidden)])
    theirs = keras.Model(inputs, total)
    ours = rb.models.model_from_json(theirs.to_json())
    expected = {
        (tensor._keras_history.operation.name, layer.name)
        for layer in theirs.layers
        for node in layer._inbound_nodes
        for tensor in node.input_tensors
    }
    assert arrows(ours) == expected


def test_dot_has_clusters_and_escapes() -> None:
    dot = utils.model_to_dot(nested(), expand_nested=True, show_trainable=True, rankdir="LR", dpi=9)
    assert 'subgraph "cluster_base" {' in dot
    assert 'rankdir="LR"; dpi="9";' in dot
    assert '"base/d1" [label="{d1 (Dense)|Non-trainable}"];' in dot
    assert dot.count("{") == dot.count("}")
    odd = rb.Sequential([layers.Dense(1, name='a|"b"')])
    assert r'"a|\"b\"" [label="{a\|\"b\" (Dense)}"];' in utils.model_to_dot(odd)
    assert utils.model_to_dot(odd, subgraph=True).startswith('subgraph "cluster_sequential" {')


# -- where things are ------------------------------------------------------------------------


def boxes_of(axes: Any) -> list[Rectangle]:
    return [p for p in axes.patches if isinstance(p, Rectangle) and p.get_linestyle() == "-"]


@pytest.mark.parametrize("rankdir", ["TB", "BT", "LR", "RL"])
@pytest.mark.parametrize("make", [wide_and_deep, nested, Net])
def test_boxes_are_apart_and_inside_and_arrows_point_one_way(make: Any, rankdir: str) -> None:
    axes = plots.model_graph(
        make(), show_layer_names=True, show_shapes=True, rankdir=rankdir, expand_nested=True
    )
    (width,), (height,) = [[max(limits)] for limits in (axes.get_xlim(), axes.get_ylim())]
    found = [box.get_bbox() for box in boxes_of(axes)]
    for box in found:
        assert 0 < box.x0 < box.x1 < width
        assert 0 < min(box.y0, box.y1) < max(box.y0, box.y1) < height
    for one, other in itertools.combinations(found, 2):
        apart_x = one.x1 <= other.x0 + 1e-6 or other.x1 <= one.x0 + 1e-6
        apart_y = one.y1 <= other.y0 + 1e-6 or other.y1 <= one.y0 + 1e-6
        assert apart_x or apart_y
    axis, sign = {"TB": (1, 1), "BT": (1, -1), "LR": (0, 1), "RL": (0, -1)}[rankdir]
    ways = []
    for patch in axes.patches:
        if isinstance(patch, FancyArrowPatch):
            vertices = patch._path_original.vertices
            ways.append(sign * (vertices[-1] - vertices[0])[axis])
    # All but the loop of the layer that is called on its own output.
    assert sum(way < 0 for way in ways) == (make is nested)


def test_layout_by_hand() -> None:
    # A diamond: 0 above 1 and 2, which stand above 3; an arrow 0 → 3 passes between or beside.
    sizes = [(10.0, 4.0)] * 4
    found = layered(sizes, [(0, 1), (0, 2), (1, 3), (2, 3)], (2.0, 3.0))
    assert found.size == (22.0, 18.0)
    assert found.centers == [(11.0, 2.0), (5.0, 9.0), (17.0, 9.0), (11.0, 16.0)]
    long = layered(sizes[:3], [(0, 1), (1, 2), (0, 2)], (2.0, 3.0))
    ((bend,),) = [bends for bends in long.bends if bends]
    assert bend[1] == 9.0
    assert abs(bend[0] - long.centers[1][0]) >= 7.0  # half a box and the gap


def test_crossings_are_taken_out() -> None:
    # 0 → 4, 1 → 3, 2 → 5 in the given order cross; the second row is put in order.
    found = layered([(1.0, 1.0)] * 6, [(0, 4), (1, 3), (2, 5)], (1.0, 1.0)).centers
    first = [found[i][0] for i in (0, 1, 2)]
    second = [found[i][0] for i in (4, 3, 5)]
    assert np.argsort(first).tolist() == np.argsort(second).tolist()


def test_circles_do_not_move_boxes() -> None:
    assert rows(3, [(0, 1), (1, 2), (2, 1), (1, 1)]) == [0, 1, 2]
    assert rows(2, []) == [0, 0]


# -- files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "begins"),
    [("m.png", b"\x89PNG"), ("m.svg", b"<?xml"), ("m.pdf", b"%PDF"), ("m", b"\x89PNG")],
)
def test_files(tmp_path: Path, name: str, begins: bytes) -> None:
    model = wide_and_deep()
    assert utils.plot_model(model, tmp_path / "new" / name, show_layer_names=True, dpi=60) is None
    (file,) = (tmp_path / "new").iterdir()
    assert file.read_bytes().startswith(begins)
    assert not plt.get_fignums()


def test_size_follows_dpi(tmp_path: Path) -> None:
    utils.plot_model(wide_and_deep(), str(tmp_path / "one.png"), dpi=50)
    utils.plot_model(wide_and_deep(), str(tmp_path / "two.png"), dpi=100)
    one, two = (plt.imread(tmp_path / f"{name}.png").shape for name in ("one", "two"))
    np.testing.assert_allclose(two[:2], 2 * np.array(one[:2]), atol=2)


def test_notebooks_show_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = SimpleNamespace(
        Image=lambda filename: ("image", filename), SVG=lambda filename: ("svg", filename)
    )
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: object()))
    monkeypatch.setitem(sys.modules, "IPython.display", shown)
    model = wide_and_deep()
    for name, kind in (("m.png", "image"), ("m.svg", "svg")):
        path = str(tmp_path / name)
        assert utils.plot_model(model, path, dpi=40) == (kind, path)
    assert utils.plot_model(model, tmp_path / "m.pdf") is None


def test_messages(tmp_path: Path) -> None:
    cases = {
        "plot_model: the ending of `to_file` names no format. Given: 'm.txt'. Expected: one of "
        ".png, .svg, .pdf, .jpg, .jpeg, .webp, .eps, .ps, .tif, .tiff.": {"to_file": "m.txt"},
        "model_graph: unknown `rankdir`. Given: 'UP'. Expected: ('TB', 'BT', 'LR', 'RL').": {
            "to_file": tmp_path / "m.png",
            "rankdir": "UP",
        },
        "plot_model has no argument 'show_shape'. Fix: did you mean 'show_shapes'?": {
            "show_shape": True
        },
    }
    for text, options in cases.items():
        with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
            utils.plot_model(wide_and_deep(), **options)
    with pytest.raises(
        ValueError, match=r"^model_graph: model 'sequential' has no layers to draw\.$"
    ):
        utils.plot_model(rb.Sequential(), tmp_path / "m.png")
    assert not list(tmp_path.iterdir())
