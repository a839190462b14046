"""The command line: what it writes, what it prints, and its errors as one line."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars
import pytest
from typer.testing import CliRunner

import rosenblatt as rb
from rosenblatt.cli import main
from rosenblatt.cli.app import app

FILES = {"model.keras", "history.csv", "learning_curves.png", "metrics.json"}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a regression in dollars, and with classes 3, 5 and 9."""
    folder = tmp_path_factory.mktemp("tables")
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 300))
    frame = polars.DataFrame({"a": a, "b": b})
    frame.with_columns(price=polars.Series(200_000 + 50_000 * a - 20_000 * b)).write_csv(
        folder / "prices.csv"
    )
    kind = np.select([a > 0.4, b > 0], [9, 5], 3)
    frame.with_columns(kind=polars.Series(kind)).write_parquet(folder / "kinds.parquet")
    return folder


@pytest.fixture(scope="module")
def price_run(tables: Path) -> Path:
    """The folder of a regression on prices.csv."""
    out = tables / "price_run"
    words = [
        "train",
        "--no-tabular",
        str(tables / "prices.csv"),
        "--target",
        "price",
        "--out",
        str(out),
        "-q",
    ]
    assert main(words) == 0
    return out


@pytest.fixture(scope="module")
def kind_run(tables: Path) -> Path:
    """The folder of a classification on kinds.parquet."""
    out = tables / "kind_run"
    words = [
        "train",
        "--no-tabular",
        str(tables / "kinds.parquet"),
        "--target",
        "kind",
        "--out",
        str(out),
        "-q",
    ]
    assert main(words) == 0
    return out


def facts_of(run: Path) -> dict:
    return json.loads((run / "metrics.json").read_text())


def test_trains_the_chapters_network_on_california_housing(tmp_path: Path) -> None:
    out = tmp_path / "new" / "run"
    done = CliRunner().invoke(
        app, ["train", "california_housing", "--out", str(out), "--epochs", "3"]
    )
    assert done.exit_code == 0, done.output
    assert "11,610/3,870/5,160 rows" in done.output
    assert "363/363" in done.output
    for name in FILES:
        assert f"  {out / name}  " in done.output
    assert {path.name for path in out.iterdir()} == FILES

    model = rb.saving.load_model(out / "model.keras")
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == ["Normalization", "Dense", "Dense", "Dense", "Dense"]
    assert [layer.units for layer in model.layers[1:]] == [50, 50, 50, 1]
    facts = facts_of(out)
    assert facts["features"] == list(rb.datasets.california_housing.FEATURE_NAMES)
    assert (facts["target"], facts["task"], facts["classes"]) == ("MedHouseVal", "regression", None)
    assert facts["rows"] == {"train": 11610, "validation": 3870, "test": 5160}
    assert (facts["epochs"], facts["batch_size"], facts["seed"]) == (3, 32, 42)
    assert facts["learning_rate"] == 1e-3
    assert facts["test"]["root_mean_squared_error"] < 0.75
    with (out / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert set(rows[0]) == {
        "epoch",
        "loss",
        "root_mean_squared_error",
        "val_loss",
        "val_root_mean_squared_error",
    }
    assert float(rows[2]["loss"]) < float(rows[0]["loss"])
    assert (out / "learning_curves.png").read_bytes().startswith(b"\x89PNG")


def test_same_seed_same_figures(tmp_path: Path) -> None:
    for name in ("one", "two"):
        words = ["train", "iris", "--out", str(tmp_path / name), "--epochs", "2", "-q"]
        assert main([*words, "--seed", "7"]) == 0
    one, two = (facts_of(tmp_path / name) for name in ("one", "two"))
    assert one["test"] == two["test"]
    assert (tmp_path / "one/history.csv").read_text() == (tmp_path / "two/history.csv").read_text()


def test_learns_a_target_in_its_own_unit(price_run: Path) -> None:
    facts = facts_of(price_run)
    assert facts["task"] == "regression"
    assert facts["features"] == ["a", "b"]
    # The spread of the prices is 54,000: within a tenth of it.
    assert facts["test"]["root_mean_squared_error"] < 5_400


def test_few_whole_numbers_are_classes(kind_run: Path) -> None:
    facts = facts_of(kind_run)
    assert facts["task"] == "classification"
    assert facts["classes"] == [3, 5, 9]
    assert facts["test"]["accuracy"] > 0.85


def test_options_reach_the_network(tables: Path, tmp_path: Path) -> None:
    words = [
        "train",
        "--no-tabular",
        str(tables / "kinds.parquet"),
        "--target",
        "kind",
        "--out",
        str(tmp_path),
    ]
    options = ["--epochs", "2", "--batch-size", "50", "--learning-rate", "0.5", "--hidden", "4,3"]
    assert main([*words, *options, "-q"]) == 0
    facts = facts_of(tmp_path)
    assert (facts["hidden"], facts["epochs"], facts["batch_size"]) == ([4, 3], 2, 50)
    model = rb.saving.load_model(tmp_path / "model.keras")
    units = [layer.units for layer in model.layers if isinstance(layer, rb.layers.Dense)]
    assert units == [4, 3, 3]
    assert float(model.optimizer.learning_rate) == 0.5


def test_evaluate(price_run: Path, kind_run: Path, tables: Path, capsys) -> None:
    assert main(["evaluate", str(price_run), str(tables / "prices.csv")]) == 0
    assert "prices.csv (300 rows): loss" in capsys.readouterr().out
    model = str(kind_run / "model.keras")
    assert main(["evaluate", model, str(tables / "kinds.parquet")]) == 0
    assert "accuracy 0.9" in capsys.readouterr().out


def test_evaluate_on_built_in_data(tmp_path: Path, capsys) -> None:
    assert main(["train", "iris", "--out", str(tmp_path), "-q"]) == 0
    trained = capsys.readouterr().out
    assert main(["evaluate", str(tmp_path), "iris"]) == 0
    said = capsys.readouterr().out
    assert "On the test part of iris (30 rows)" in said
    assert said.split("rows): ")[1] in trained
    assert facts_of(tmp_path)["test"]["accuracy"] >= 0.9
    assert main(["predict", str(tmp_path), "iris"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0] == "prediction,probability"
    assert len(rows) == 31
    assert {row.split(",")[0] for row in rows[1:]} <= {"setosa", "versicolor", "virginica"}


def test_predict_finds_columns_by_name(price_run: Path, tables: Path, tmp_path: Path) -> None:
    # Columns in another order, one more, no target.
    frame = polars.read_csv(tables / "prices.csv")
    other = tmp_path / "other.csv"
    frame.select("b", polars.lit(1).alias("more"), "a").write_csv(other)
    out = tmp_path / "predictions.csv"
    assert main(["predict", str(price_run), str(other), "--out", str(out)]) == 0
    predicted = polars.read_csv(out)["prediction"].to_numpy()
    model = rb.saving.load_model(price_run / "model.keras")
    x = frame.select("a", "b").to_numpy().astype("float32")
    np.testing.assert_allclose(predicted, model.predict(x, verbose=0)[:, 0], rtol=1e-5)
    assert np.abs(predicted - frame["price"].to_numpy()).mean() < 5_000


def test_predicts_the_labels_of_the_table(kind_run: Path, tables: Path, capsys) -> None:
    assert main(["predict", str(kind_run), str(tables / "kinds.parquet")]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    kinds = polars.read_parquet(tables / "kinds.parquet")["kind"].to_numpy()
    predicted = np.array([int(row["prediction"]) for row in rows])
    assert (predicted == kinds).mean() > 0.9
    assert all(1 / 3 <= float(row["probability"]) <= 1 for row in rows)


def test_summary(price_run: Path, capsys) -> None:
    assert main(["summary", str(price_run)]) == 0
    said = capsys.readouterr().out
    # 2·50+50 + 2·(50·50+50) + 50+1, by hand.
    assert "5,301" in said
    assert "to predict 'price' (a number)" in said
    assert "Features: a, b" in said
    assert "●" not in said
    assert main(["summary", str(price_run), "--diagram"]) == 0
    dense = [line for line in capsys.readouterr().out.splitlines() if line.startswith("● dense")]
    assert [line.split()[-1] for line in dense] == ["150", "2,550", "2,550", "51"]


ERRORS = {
    "a misspelt data set": (
        "train iri --out {new}",
        "'iri' is neither a built-in data set nor a file. Expected: a CSV or Parquet file, or one "
        "of california_housing, digits, fashion_mnist, iris, mnist. Fix: did you mean 'iris'?",
    ),
    "no such file": (
        "train {tables}/price.csv --target price --out {new}",
        "or Excel; plain or packed (.gz, .bz2, .xz, .zip, .zst). Fix: did you mean 'prices.csv'?",
    ),
    "no target": (
        "train {tables}/prices.csv --out {new}",
        "{tables}/prices.csv: which column is to be predicted? "
        "Expected: --target with one of a, b, price.",
    ),
    "a misspelt target": (
        "train {tables}/prices.csv --target prise --out {new}",
        "The table has no column 'prise' to predict. Fix: did you mean 'price'?",
    ),
    "a target for built-in data": (
        "train iris --target species --out {new}",
        "--target is for tables in files; iris has its own target. Given: --target species. "
        "Fix: leave --target out.",
    ),
    "a file in the folder's place": (
        "train iris --out {tables}/prices.csv",
        "--out {tables}/prices.csv: a file is in the way. Expected: a folder, new or existing. "
        "Fix: name another folder, or move the file.",
    ),
    "bad units": (
        "train iris --hidden 5,x --out {new}",
        "--hidden: bad number of units. Given: '5,x'. Expected: positive whole numbers with "
        "commas between them, e.g. 50,50,50.",
    ),
    "a bad rate": (
        "train iris --learning-rate 0 --out {new}",
        "--learning-rate is out of range. Given: 0.0. Expected: above 0.",
    ),
    "bad epochs": ("train iris --epochs 0 --out {new}", "Invalid value for '--epochs'"),
    "no --out": ("train iris", "Missing option '--out'."),
    "a misspelt verb": ("trian iris", "No such command 'trian'."),
    "a misspelt option": ("train iris --ot x", "No such option: --ot"),
    "too few rows": (
        "train {tables}/few.csv --target y --out {new}",
        "{tables}/few.csv: too few rows to split into training, validation and test parts. "
        "Given: 3. Expected: at least 10 rows.",
    ),
    "divergence": (
        "train {tables}/prices.csv --no-tabular --target price --learning-rate 1e30 --epochs 2 -q "
        "--out {new}",
        "Training diverged: the loss is no longer a number. Nothing was written.",
    ),
    "no such model": (
        "summary {tables}/price_run/model.kras",
        "{tables}/price_run/model.kras: no such model. Expected: a .keras file, or the --out "
        "folder of `rosenblatt train`. Fix: did you mean 'model.keras'?",
    ),
    "not a model": ("summary {tables}/bad.keras", "bad.keras"),
    "no target column": (
        "evaluate {tables}/price_run {tables}/kinds.parquet",
        "{tables}/kinds.parquet: no target column to compare predictions with. "
        "Given: columns a, b, kind. Expected: a column 'price'.",
    ),
    "a missing feature": (
        "predict {tables}/price_run {tables}/few.csv",
        "{tables}/few.csv: column 'b' of the model's features missing. Given: columns a, y. "
        "Expected: columns a, b.",
    ),
    "an unknown label": (
        "evaluate {tables}/kind_run {tables}/prices.csv --target price",
        "{tables}/prices.csv, column 'price': labels that the model does not know.",
    ),
    "a place for predictions that is none": (
        "predict {tables}/price_run {tables}/prices.csv --out {new}/p.csv",
        "--out {new}/p.csv: not a place for a file. Expected: the path of a file, in a folder "
        "that exists.",
    ),
}


@pytest.mark.usefixtures("price_run", "kind_run")
@pytest.mark.parametrize("case", ERRORS)
def test_errors_are_one_line(case: str, tables: Path, tmp_path: Path, capsys) -> None:
    command, message = ERRORS[case]
    (tables / "few.csv").write_text("a,y\n1,1.5\n2,2.5\n3,3.5\n")
    (tables / "bad.keras").write_text("not a model")
    places = {"tables": tables, "new": tmp_path / "new"}
    capsys.readouterr()
    assert main(command.format(**places).split()) == 2
    said = capsys.readouterr().err
    assert said.startswith("rosenblatt: ")
    assert message.format(**places) in said
    assert said.count("\n") == 1
    assert not list(tmp_path.rglob("*.*"))


def test_traceback_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROSENBLATT_TRACEBACK", "1")
    with pytest.raises(ValueError, match="neither a built-in data set nor a file"):
        main(["train", "iri", "--out", "nowhere"])


def test_missing_feature_names_are_taken_by_number(price_run: Path, tmp_path: Path, capsys) -> None:
    """A model without metrics.json, as Keras saves it: all columns, if there are as many."""
    model = tmp_path / "bare.keras"
    model.write_bytes((price_run / "model.keras").read_bytes())
    table = tmp_path / "two.csv"
    table.write_text("x,y\n0,0\n")
    assert main(["predict", str(model), str(table)]) == 0
    price = float(capsys.readouterr().out.splitlines()[1])
    assert price == pytest.approx(200_000, abs=10_000)
    table.write_text("x,y,z\n0,0,0\n")
    assert main(["predict", str(model), str(table)]) == 2
    assert "a different number of features. Given: 3 columns: x, y, z. Expected: 2." in (
        capsys.readouterr().err
    )


def test_in_a_process_of_its_own(tmp_path: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "error", "-m", "rosenblatt", *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=1800)

    done = run("train", "iris", "--out", "run", "--epochs", "2")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "run").iterdir()} == FILES
    version = run("--version")
    assert (version.returncode, version.stdout.split()[0]) == (0, "rosenblatt")
    wrong = run("summary", "nothing.keras")
    assert wrong.returncode == 2
    assert "Traceback" not in wrong.stderr
    assert wrong.stderr.startswith("rosenblatt: nothing.keras: no such model.")


def test_inspect(price_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(price_run / "model.keras")]) == 0
    text = capsys.readouterr().out
    assert "a model in the `.keras` format" in text
    assert "Safe: yes" in text
    assert main(["inspect", str(price_run / "model.keras"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["layers"][0]["depth"] == 0
    assert report["dangers"] == []
    assert main(["inspect", str(price_run / "history.csv")]) == 2
    assert "is not a model's file" in capsys.readouterr().err


@pytest.mark.parametrize("ending", [".keras", ".h5", ".hdf5", ".weights.h5", ".onnx"])
def test_convert(
    price_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str
) -> None:
    source, target = str(price_run / "model.keras"), str(tmp_path / f"a{ending}")
    assert main(["convert", source, target]) == 0
    assert capsys.readouterr().out == f"Written to {target}: 5,309 parameters\n"
    model = rb.models.load_model(source)
    x = np.ones((2, 2), "float32")
    expected = model.predict(x, verbose=0)
    if ending in (".keras", ".h5", ".hdf5"):
        found = rb.models.load_model(target).predict(x, verbose=0)
    elif ending == ".weights.h5":
        model.set_weights([w * 0 for w in model.get_weights()])
        model.load_weights(target)
        found = model.predict(x, verbose=0)
    else:
        import onnxruntime

        session = onnxruntime.InferenceSession(target, providers=["CPUExecutionProvider"])
        found = session.run(None, {session.get_inputs()[0].name: x})[0]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["model.keras", "a.xyz"], "convert: the ending of 'a.xyz' says no format. Expected: one"),
        (["a.weights.h5", "a.keras"], "holds weights alone, and no layers to put them in."),
        (
            ["model.keras", "a", "--format", "onx"],
            "convert: unknown --format. Given: 'onx'. Fix: did you mean 'onnx'?",
        ),
    ],
)
def test_conversions_that_are_refused(
    capsys: pytest.CaptureFixture[str], words: list[str], text: str
) -> None:
    assert main(["convert", *words]) == 2
    assert text in capsys.readouterr().err


def test_find_lr(tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["find-lr", str(tables / "prices.csv"), "--target", "price", "--hidden", "8"]
    assert main([*words, "--out", str(tmp_path / "a.png")]) == 0
    text = capsys.readouterr().out
    assert "regression; " in text
    assert len([line for line in text.splitlines() if line.startswith("  ")]) == 13
    assert "Suggestion: --learning-rate " in text
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert main([*words, "--optimizer", "adm"]) == 2
    assert "--optimizer: unknown. Given: adm. Expected: adam or sgd." in capsys.readouterr().err
