"""Every lesson runs, and its figures are of the chapter's kind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import rosenblatt as rb

EXAMPLES = Path(__file__).parent.parent / "examples"
Lesson = Callable[..., str]


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    """Run a lesson in a process of its own, with warnings as errors; give back what it printed.

    A lesson on Fashion MNIST is skipped where its images are not installed.
    """

    def run(name: str, epochs: int | None = None, pictures: int = 1) -> str:
        if "fashion_mnist" in (EXAMPLES / f"{name}.py").read_text():
            try:
                rb.datasets.fashion_mnist.load_data()
            except FileNotFoundError as error:
                pytest.skip(f"Fashion MNIST is not installed: {error}")
        environment = {**os.environ, "ROSENBLATT_LESSON_OUTPUT": str(tmp_path), "COLUMNS": "100"}
        environment.pop("ROSENBLATT_LESSON_EPOCHS", None)
        if epochs is not None:
            environment["ROSENBLATT_LESSON_EPOCHS"] = str(epochs)
        done = subprocess.run(
            [sys.executable, "-W", "error", EXAMPLES / f"{name}.py"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=3600,  # a minute or two on an idle machine
        )
        assert done.returncode == 0, done.stderr
        saved = re.findall(r"^Saved (.*\.png)$", done.stdout, re.MULTILINE)
        assert len(saved) == pictures
        for path in saved:
            assert Path(path).parent == tmp_path
            assert Path(path).read_bytes().startswith(b"\x89PNG")
        return done.stdout

    return run


def number(text: str, pattern: str) -> float:
    """The number that a pattern's group finds in what a lesson printed."""
    found = re.search(pattern, text)
    assert found, f"{pattern!r} is not in:\n{text}"
    return float(found[1].replace(",", ""))


def test_every_lesson_is_tested_here_and_listed() -> None:
    scripts = {path.stem for path in EXAMPLES.glob("*.py")} - {"_lesson"}
    listed = set(re.findall(r"`(\w+)\.py`", (EXAMPLES / "README.md").read_text()))
    tested = set(re.findall(r'lesson\(\s*"(\w+)"', Path(__file__).read_text()))
    assert scripts == listed == tested


def test_logic(lesson: Lesson) -> None:
    text = lesson("row01_logic", pictures=2)
    assert "C = A and not B\nA ═▶ C\nB ─⊣ C\nA  B | C\n0  0 | 0\n0  1 | 0\n1  0 | 1\n" in text
    assert "A=1, B=0, C=0: True  A=1, B=0, C=1: False" in text
    assert "It computes: A and (B or not C)" in text
    assert number(text, r"The output fires in (\S+)%") == pytest.approx(37.5, abs=0.2)
    assert "does not parse at position 12:\n    A and (B or\n               ^" in text


def test_perceptron(lesson: Lesson) -> None:
    text = lesson("row02_perceptron", pictures=3)
    assert "Predictions for [2, 0.5] and [3, 1]: [ True False]" in text
    assert "The same as SGDClassifier's: True" in text
    assert number(text, r"Mistakes: (\d+)") <= number(text, r"no order makes more than (\d+)")
    assert "because the classes are not linearly separable" in text
    assert number(text, r"averaged weights: (\S+)") > 0.7
    assert "One layer can do it: False" in text
    assert "λ = [0.25 0.25 0.25 0.25]" in text
    assert number(text, r"deviation of these equations: (\S+)") == 0
    assert text.count(": True\n") >= 3
    assert "OR and not AND): [0. 1. 1. 0.]" in text
    trained = re.search(r"Two layers, trained: \[(.*)\]", text)[1].split()
    assert [float(p) > 0.5 for p in trained] == [False, True, True, False]


def test_backpropagation(lesson: Lesson) -> None:
    text = lesson("row03_backpropagation")
    assert number(text, r"Largest difference of any entry: (\S+)") < 1e-6
    assert "Constant: loss" in text
    assert number(text, r"Constant: .* differ by at most (\S+)") == 0
    assert number(text, r"GlorotUniform: .* differ by at most (\S+)") > 0.1
    equal, random = (number(text, rf"{n}: loss (\S+);") for n in ("Constant", "GlorotUniform"))
    assert random < equal
    rows = {
        line.split()[0]: [float(v) for v in line.split()[1:]]
        for line in text.splitlines()
        if re.match(r"   (heaviside|sigmoid|tanh|relu|softplus)", line)
    }
    # At z = −2, −0.5, 0.5, 2: 1/(1+e²), (1/(1+e²))(1−1/(1+e²)) … to four digits, by hand.
    assert rows["heaviside"] == [0, 0, 1, 1]
    assert rows["heaviside'"] == [0, 0, 0, 0]
    assert rows["sigmoid"] == [0.1192, 0.3775, 0.6225, 0.8808]
    assert rows["sigmoid'"] == [0.1050, 0.2350, 0.2350, 0.1050]
    assert rows["tanh"] == [-0.9640, -0.4621, 0.4621, 0.9640]
    assert rows["tanh'"] == [0.0707, 0.7864, 0.7864, 0.0707]
    assert rows["relu"] == [0, 0, 0.5, 2]
    assert rows["relu'"] == [0, 0, 1, 1]
    assert rows["softplus"] == [0.1269, 0.4741, 0.9741, 2.1269]
    assert rows["softplus'"] == rows["sigmoid"]


def test_regression(lesson: Lesson) -> None:
    text = lesson("row04_regression")
    assert "11,610 / 3,870 / 5,160 rows" in text
    for library in ("rosenblatt", "scikit-learn"):
        # Of all rows it is 0.5 … 1.5, decided by three of them and by how the processor rounds.
        error = number(text, rf"{library}: [^:]*: [\d.]+\n.*all but 3 rows: (\S+)")
        assert error == pytest.approx(0.515, abs=0.03), library
    ours, theirs = (
        [float(loss) for loss in losses.split()]
        for losses in re.findall(r"losses of the first three (.*)", text)
    )
    assert ours[0] == pytest.approx(theirs[0], abs=2e-5)
    assert ours == pytest.approx(theirs, rel=3e-3)
    assert len(re.findall(r"people per household: value .*; scikit-learn says", text)) == 3
    for loss in ("mse", "mae", "huber"):
        assert number(text, rf"trained on {loss} *: RMSE (\S+),") == pytest.approx(0.52, abs=0.04)
    assert number(text, r"softplus: predictions from (\S+)") >= 0
    assert number(text, r"sigmoid : predictions from (\S+)") >= 0.15
    assert number(text, r"sigmoid : predictions from \S+ to (\S+)") <= 5.0


def test_iris(lesson: Lesson) -> None:
    text = lesson("row05_iris")
    accuracies = [float(a) for a in re.findall(r"accuracy (\d\.\d+)", text)]
    assert len(accuracies) == 4
    assert min(accuracies) >= 0.9
    sparse, categorical = re.findall(r"cross-entropy: +(\d\.\d+)", text)
    assert float(sparse) == pytest.approx(float(categorical), abs=2e-4)


def test_fashion_mnist(lesson: Lesson) -> None:
    text = lesson("row06_08_fashion_mnist", epochs=5, pictures=3)
    assert "Training images: (55000, 28, 28) uint8" in text
    assert "9 = Ankle boot" in text
    for figure in ("235,500", "30,100", "1,010", "266,610"):
        assert figure in text
    assert "Found by its name: True" in text
    assert number(text, r"SGD's rate: (\S+)") == pytest.approx(0.01)
    assert "1719/1719" in text
    assert "'steps': 1719" in text
    assert number(text, r"Validation accuracy: (\S+)") > 0.84
    assert number(text, r"Test loss and accuracy: \S+, (\S+)") > 0.82
    assert "Predicted classes: [9 2 1] ['Ankle boot' 'Pullover' 'Trouser']" in text


def test_saving(lesson: Lesson) -> None:
    text = lesson("row12_saving", epochs=2)
    assert text.count("True") == 4
    assert "False" not in text
    assert "Safe: yes" in text
    for name in (
        "SavedModel, as a layer", "h5", "npz, with NumPy alone", "onnx, with ONNX Runtime alone"
    ):  # fmt: skip
        assert number(text, rf"{name}: largest difference (\S+)") < 1e-5
    assert "Cut off after epoch 1." in text
    assert "Epochs trained after that: [2]" in text


def test_transfer(lesson: Lesson) -> None:
    text = lesson("row16_transfer")
    assert "Task A knows: Trouser, Dress, Coat, Sandal, Shirt, Sneaker, Bag, Ankle boot" in text
    # 41 to 83 % for each of 24 pairs of first network and seed; accuracies are nearly equal.
    assert number(text, r"the loss is (\d+)% of the other's") < 75
    assert number(text, r"  mean .* (\S+)\n") > 0.92


def test_choosing(lesson: Lesson) -> None:
    text = lesson("row16_choosing", epochs=6, pictures=2)
    assert "2 hidden layers for 11,610 rows" in text
    assert number(text, r"Recommended: test RMSE (\S+)") < 0.7
    assert number(text, r"Stretch pants: test RMSE (\S+)") < 0.65
    suggestion = number(text, r"suggestion (\S+)")
    assert 1e-4 < suggestion < 0.1
    assert suggestion == pytest.approx(number(text, r"at rate (\S+);") / 10, rel=0.1)
    late = number(text, r"\nrate 0.03 +validation accuracy (\S+),")
    warm = number(text, r"warm-up to 0.03 +validation accuracy (\S+),")
    assert late < 0.5 < 0.7 < warm


def test_housing(lesson: Lesson) -> None:
    text = lesson("row09_housing")
    assert "11610 3870 5160" in text
    assert "363/363" in text
    assert number(text, r"Test RMSE: (\S+)") <= 0.56
    assert number(text, r"Validation RMSE of all but 3 rows: (\S+)") <= 0.56


def test_functional(lesson: Lesson) -> None:
    text = lesson("row10_functional")
    assert number(text, r"1\. [\s\S]*?Test RMSE: (\S+)") <= 0.60
    assert number(text, r"2\. [\s\S]*?Test RMSE: (\S+)") <= 0.62
    as_tuple, as_dict = re.search(r"RMSE: (\S+) .*; from a dict: (\S+)", text).groups()
    assert as_tuple == as_dict
    assert "Outputs: ['output', 'aux_output']" in text
    main = number(text, r" output_root_mean_squared_error: (\S+)")
    auxiliary = number(text, r"aux_output_root_mean_squared_error: (\S+)")
    assert main <= 0.62
    assert main < auxiliary < 0.75
    loss, main_loss, aux_loss = (
        number(text, rf" {name}: (\S+)") for name in ("loss", "output_loss", "aux_output_loss")
    )
    assert loss == pytest.approx(0.9 * main_loss + 0.1 * aux_loss, abs=2e-3)


def test_subclassing(lesson: Lesson) -> None:
    text = lesson("row11_subclassing")
    assert "Name: my_cool_model" in text
    assert "built is False" in text
    figures = re.search(r"RMSE of each output: \[(.*)\]", text)[1].split(", ")
    main, auxiliary = (float(f) for f in figures[3:])
    assert main <= 0.62
    assert auxiliary < 0.75
    for name in ("main", "auxiliary"):
        assert number(text, rf"{name}: largest difference (\S+)") < 1e-6 * 5  # outputs up to 5
    assert "Model 'my_cool_model' (WideAndDeepModel) has no `input`: its structure is" in text
    assert "clone_model: WideAndDeepModel is subclassed; its structure is Python code" in text


def test_callbacks(lesson: Lesson) -> None:
    text = lesson("row13_callbacks")
    assert "Restored from the checkpoint, the same predictions: True" in text
    trained = number(text, r"Epochs trained: (\S+) of 100")
    assert trained == min(number(text, r"the best: (\S+)") + 10, 100)
    best, now, loaded = re.search(r"logged (\S+), now (\S+), of the file (\S+)", text).groups()
    assert float(now) == pytest.approx(float(best), rel=1e-4)
    assert loaded == now
    assert number(text, r"Test RMSE: (\S+)") <= 0.6  # three rows choose the epoch, see row 9
    assert len(re.findall(r"^Epoch=\d, val/train=\d+\.\d\d$", text, re.MULTILINE)) == 5
    assert "Batches: 363; rates from 1e-05 to 9.6" in text
    start, smallest = (number(text, rf"{name} ([\d.]+)") for name in ("start:", "smallest"))
    assert smallest < start / 4
    assert 1e-3 < number(text, r"at a rate of (\S+)") < 1


def test_tensorboard(lesson: Lesson) -> None:
    text = lesson("row14_tensorboard", epochs=2)
    for rate in ("0.001", "0.003"):
        assert number(text, rf"rate_{rate}/train: last loss (\S+)") < 0.6
    assert "Scalars by hand: 100" in text


def test_tuning(lesson: Lesson) -> None:
    text = lesson("row15_tuning", epochs=2, pictures=4)
    best = number(text, r"accuracy at random: (\S+)")
    assert best > 0.7
    assert number(text, r"The model, loaded: (\S+)") == best
    # Two epochs and a factor of three: one bracket of ⌈1 + log₃ 2⌉ trials.
    assert number(text, r"Trials: (\S+)") == 2
    first, second = (number(text, rf"{n} trials, the best: (\S+)") for n in (3, 4))
    assert second >= first > 0.5
    assert text.count("hp/n_neurons │") == 1 and len(re.findall(r"^│ [012] ", text, re.M)) == 3


def test_tables(lesson: Lesson) -> None:
    text = lesson("tables", epochs=30)
    assert "The separator is ';'." in text
    assert "Decimal comma in" in text
    for line in ("district: id, left out", "near: category", "counted: date", "income: number"):
        assert f"\n{line}" in text
    rmse = number(text, r"RMSE (\S+) ")
    assert rmse < 0.8 * number(text, r"of the mean alone (\S+)")
    assert 80 < number(text, r"intervals hold (\S+)%") < 98
    needs = [line.split() for line in text.split("4. What")[1].split("Typical")[0].splitlines()[1:]]
    assert needs[0][0] == "income"
    assert number(text, r"this district: (\S+)") == pytest.approx(
        number(text, r"They add up: (\S+)"), abs=0.02
    )
    assert "it predicts the same: True" in text
    assert 0 < number(text, r"another order: (\S+)") < 5.1


def test_scaling(lesson: Lesson) -> None:
    text = lesson("scaling", epochs=2)
    assert "Devices: cpu:0 cpu:1" in text
    first, second = re.search(r"Loss of one epoch: (\S+), (\S+)", text).groups()
    assert float(first) == pytest.approx(float(second), rel=1e-5)
    assert number(text, r"Weights differ by at most (\S+)") < 1e-3
    assert len(re.findall(r"^Batches of [ \d,]{5}: \d+\.\d{3}, \d+\.\d{3}$", text, re.M)) == 3
    assert number(text, r"from 4 files: test RMSE (\S+)") < 0.75
    assert "Made by the second call: part-2.parquet\n" in text
    assert "11,610 rows; the same as from memory: True" in text
    assert "Files of the first one: model.keras" in text
