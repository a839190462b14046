"""Boundaries, paths of weights and networks, read back from the axes."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

import rosenblatt as rb
from rosenblatt import plots
from rosenblatt.sklearn import Perceptron

X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [3.0, 3.0], [4.0, 3.0]])
Y = np.array(["low", "low", "low", "high", "high"])


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def contours(ax) -> list[np.ndarray]:
    """The points of the lines that are drawn as contours."""
    lines = [c for c in ax.collections if type(c).__name__ == "QuadContourSet" and not c.filled]
    return [path.vertices for c in lines for path in c.get_paths() if len(path.vertices)]


def test_boundary_and_margin_of_two_classes() -> None:
    perceptron = Perceptron(tol=None, max_iter=100).fit(X, Y)
    ax = Figure().add_subplot()
    assert plots.decision_boundary(perceptron, X, Y, ax, names=("a", "b")) is ax
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("a", "b")
    boundary, *margins = contours(ax)
    np.testing.assert_allclose(perceptron.decision_function(boundary), 0, atol=1e-9)
    nearest = np.abs(perceptron.decision_function(X)).min()
    assert len(margins) == 2
    for line in margins:
        np.testing.assert_allclose(np.abs(perceptron.decision_function(line)), nearest)
    drawn = {line.get_label(): line.get_xydata() for line in ax.get_lines()}
    np.testing.assert_array_equal(drawn["low"], X[:3])
    np.testing.assert_array_equal(drawn["high"], X[3:])
    plain = plots.decision_boundary(perceptron, X, Y, margin=False)
    assert len(contours(plain)) == 1


def test_boundary_of_a_model_and_of_three_classes(capsys: pytest.CaptureFixture[str]) -> None:
    model = rb.Sequential([rb.Input((2,)), rb.layers.Dense(1, activation="sigmoid")])
    model.set_weights([[[1.0], [1.0]], [-3.0]])
    ax = plots.decision_boundary(model, X, [0, 0, 0, 1, 1])
    (line,) = contours(ax)
    np.testing.assert_allclose(line.sum(axis=1), 3, atol=0.1)
    assert capsys.readouterr().out == ""  # no progress bar of `predict`
    three = rb.Sequential([rb.Input((2,)), rb.layers.Dense(3)])
    three.set_weights([[[1, 0, -1], [0, 0, 0]], [0, 1, 0]])  # boundaries at x1 = 1 and -1
    labels = np.array([0, 1, 2, 0, 1])
    ax = plots.decision_boundary(three, X - [2, 1], labels)
    found = {round(float(x), 1) for line in contours(ax) for x in line[:, 0]}
    assert found == {-1.0, 1.0}


def test_boundary_outside_the_data() -> None:
    class Never:
        def predict(self, x):
            return np.full(len(x), "low")

        def decision_function(self, x):
            return -np.ones(len(x))

    assert contours(plots.decision_boundary(Never(), X, Y)) == []


def test_weight_path() -> None:
    ax = plots.weight_path(np.array([[0, 1], [2, 3], [4, 5]]))
    lines = ax.get_lines()
    assert [line.get_label() for line in lines] == ["w1", "w2"]
    assert lines[1].get_ydata().tolist() == [1, 3, 5]


def test_network_of_a_model_and_of_estimators() -> None:
    model = rb.Sequential([rb.Input((2,)), rb.layers.Dense(3), rb.layers.Dense(1, use_bias=False)])
    ax = plots.network_weights(model)
    assert len(ax.get_lines()) == 2 * 3 + 3
    kernel = model.get_weights()[0]
    blue, red = "#1f6fb4", "#b3382c"
    expected = [blue if w >= 0 else red for w in kernel.ravel()]
    assert [line.get_color() for line in ax.get_lines()[:6]] == expected
    widths = [line.get_linewidth() for line in ax.get_lines()[:6]]
    np.testing.assert_allclose(widths, 0.3 + 3 * np.abs(kernel.ravel()) / np.abs(kernel).max())
    perceptron = Perceptron(tol=None, max_iter=100).fit(X, Y)
    ax = plots.network_weights(perceptron)
    texts = [text.get_text() for text in ax.texts]
    numbers = [*perceptron.coef_[0], *perceptron.intercept_]
    assert texts == [f"{numbers[0]:.3g}", f"{numbers[1]:.3g}", "x1", "x2", f"{numbers[2]:.3g}"]


def test_network_that_is_wide() -> None:
    ax = plots.network_weights([(np.ones((100, 3)), None)])
    assert len(ax.get_lines()) == 12 * 3
    assert "… 100 in all" in [text.get_text() for text in ax.texts]


MESSAGES = {
    "features": (
        lambda: plots.decision_boundary(None, np.ones((5, 3)), Y),
        "decision_boundary: draws data of two features. Given: shape (5, 3). Expected: (rows, 2). "
        "Fix: choose two columns and fit a classifier on them.",
    ),
    "names": (
        lambda: plots.weight_path([[1.0, 2.0]], names=["w"]),
        "weight_path: bad `history`. Given: shape (1, 2) and 1 names. Expected: (steps, weights), "
        "and a name for each weight.",
    ),
    "nothing": (
        lambda: plots.network_weights("model"),
        "network_weights: found no weights to draw. Given: str. Expected: a built model of dense "
        "layers, a fitted estimator, or (kernel, bias)s.",
    ),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_messages(case: str) -> None:
    act, message = MESSAGES[case]
    with pytest.raises(ValueError) as caught:
        act()
    assert str(caught.value) == message
