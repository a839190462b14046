"""What is drawn, read back from the axes."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from rosenblatt import plots
from rosenblatt.activations.functions import family
from rosenblatt.core.files import replacing

HISTORY = {"loss": [3.0, 2.0], "mae": [1.0, 0.5], "val_loss": [2.5, 2.0], "learning_rate": [1, 1]}


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def test_learning_curves_of_a_history_object() -> None:
    ax = Figure().add_subplot()
    assert plots.learning_curves(SimpleNamespace(history=HISTORY), ax) is ax
    drawn = {line.get_label(): line for line in ax.get_lines()}
    assert list(drawn) == ["loss", "val_loss", "mae"]
    # Training half an epoch earlier than validation, in the same colour.
    assert drawn["loss"].get_xydata().tolist() == [[0.5, 3.0], [1.5, 2.0]]
    assert drawn["val_loss"].get_xydata().tolist() == [[1.0, 2.5], [2.0, 2.0]]
    assert drawn["loss"].get_color() == drawn["val_loss"].get_color() != drawn["mae"].get_color()
    assert drawn["val_loss"].get_linestyle() == "--"
    assert ax.get_xlabel() == "Epoch"


def test_learning_curves_of_chosen_names() -> None:
    ax = plots.learning_curves(HISTORY, names=["mae"])
    assert [line.get_label() for line in ax.get_lines()] == ["mae"]


def test_learning_curves_of_one_epoch_are_visible() -> None:
    (line,) = plots.learning_curves({"loss": [1.0]}).get_lines()
    assert line.get_marker() == "o"


def test_learning_curves_refuses_unknown_and_nothing() -> None:
    with pytest.raises(ValueError) as error:
        plots.learning_curves(HISTORY, names=["acc"])
    assert str(error.value) == (
        "learning_curves: the history has no 'acc'. "
        "Given: ['learning_rate', 'loss', 'mae', 'val_loss']."
    )
    with pytest.raises(ValueError) as error:
        plots.learning_curves({})
    assert str(error.value) == (
        "learning_curves: nothing to draw. Given: []. Expected: a history of at least one epoch."
    )


def test_image_grid() -> None:
    images = np.arange(5 * 4 * 3).reshape(5, 4, 3)
    axes = plots.image_grid(images, list("abcde"), columns=3)
    assert axes.shape == (2, 3)
    assert [ax.get_title() for ax in axes.flat] == ["a", "b", "c", "d", "e", ""]
    np.testing.assert_array_equal(axes[1, 0].get_images()[0].get_array(), images[3])
    assert not axes[1, 2].get_images()


def test_image_grid_refuses_other_shapes() -> None:
    with pytest.raises(ValueError) as error:
        plots.image_grid(np.zeros((28, 28)))
    assert str(error.value) == (
        "image_grid: bad `images`. Given: shape (28, 28). Expected: (count, height, width) or "
        "(count, height, width, channels), count ≥ 1."
    )
    with pytest.raises(ValueError) as error:
        plots.image_grid(np.zeros((2, 4, 4)), ["one"])
    assert str(error.value) == "image_grid: one title for each image. Given: 1 titles. Expected: 2."


def test_activation_functions_by_arithmetic() -> None:
    z = np.array([-1.5, 0.25, 2.0])
    s = 1 / (1 + np.exp(-z))
    expected = {
        "heaviside": ([0, 1, 1], [0, 0, 0]),
        "sigmoid": (s, s * (1 - s)),
        "tanh": (np.tanh(z), 1 - np.tanh(z) ** 2),
        "relu": ([0, 0.25, 2], [0, 1, 1]),
        "softplus": (np.log1p(np.exp(z)), s),
    }
    table = plots.activation_table(z)
    assert list(table) == list(expected)
    for name, rows in expected.items():
        np.testing.assert_allclose(table[name], rows, rtol=1e-5, atol=1e-6, err_msg=name)
    axes = plots.activation_functions()
    assert all(len(ax.get_lines()) == 5 for ax in axes)


def test_gallery_of_all_activations() -> None:
    axes = plots.activation_gallery()
    drawn = {ax.get_title(): ax for ax in axes.flat if ax.get_title()}
    several = {"glu", "log_softmax", "softmax", "sparsemax", "threshold"}
    assert set(drawn) == set(family.parts) - several - {"swish", "hard_swish"}
    for name, ax in drawn.items():
        values, slopes = (line.get_ydata() for line in ax.get_lines())
        z = ax.get_lines()[0].get_xdata()
        middle = (slopes[1:] + slopes[:-1]) / 2
        # Central differences, where there is no jump or kink in between.
        smooth = np.abs(np.diff(slopes)) < 0.05
        smooth &= np.abs(np.diff(values)) < 0.5
        assert smooth.sum() > 200, name
        np.testing.assert_allclose(
            (np.diff(values) / np.diff(z))[smooth], middle[smooth], atol=0.03, err_msg=name
        )


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["softmax"], "The activation 'softmax' is not a function of one number alone. Expected:"),
        (["rellu"], "Unknown activation 'rellu'. Fix: did you mean 'relu'?"),
    ],
)
def test_gallery_messages(names: list[str], text: str) -> None:
    with pytest.raises(ValueError) as caught:
        plots.activation_gallery(names)
    assert str(caught.value).startswith(text)


def test_save_figure_makes_folders_and_closes(tmp_path: Path) -> None:
    ax = plots.learning_curves(HISTORY)
    before = len(plt.get_fignums())
    path = plots.save_figure(ax, tmp_path / "new" / "curves.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert len(plt.get_fignums()) == before - 1
    plots.save_figure(Figure(), tmp_path / "figure.svg")
    assert {p.name for p in tmp_path.iterdir()} == {"new", "figure.svg"}


def test_save_figure_leaves_nothing_behind_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nosuch"):
        plots.save_figure(plots.learning_curves(HISTORY), tmp_path / "curves.nosuch")
    assert not list(tmp_path.iterdir())


def test_draws_without_a_display(tmp_path: Path) -> None:
    code = (
        "from rosenblatt import plots\n"
        "plots.save_figure(plots.learning_curves({'loss': [1, 2]}), 'curves.png')"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "MPLBACKEND")}
    command = [sys.executable, "-W", "error", "-c", code]
    subprocess.run(command, env=environment, cwd=tmp_path, check=True, timeout=1800)
    assert (tmp_path / "curves.png").is_file()


def test_replacing_keeps_the_old_file_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(FileNotFoundError), replacing(path) as part:
        part.with_name("nothing").rename(part)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    with replacing(path) as part:
        part.write_text("new")
    assert path.read_text() == "new"
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask
