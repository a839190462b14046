"""Predictions for folders of Parquet files: whole files, once, the same bits as `predict`."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.cli.app import main
from rosenblatt.data.parquet_writing import columns_of

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

COUNTS = {"a.parquet": 300, "b.parquet": 0, "below/c.parquet": 45}


@pytest.fixture
def folder(tmp_path):
    first = 0
    for name, rows in COUNTS.items():
        number = np.arange(first, first + rows)
        table = pa.table(
            {"id": number, "f": np.sin(number), "g": np.cos(number), "y": number % 5 + 0.0}
        )
        path = tmp_path / "rows" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path, row_group_size=70)
        first += rows
    return tmp_path / "rows"


def small_model(seed=1):
    rb.utils.set_random_seed(seed)
    return rb.Sequential(
        [rb.Input((2,)), rb.layers.Dense(30, "tanh"), rb.layers.Dense(2, "softmax")]
    )


def read_all(out):
    return pa.concat_tables([pq.read_table(out / name) for name in sorted(COUNTS)])


def test_each_file_is_made_once_and_whole(folder, tmp_path, monkeypatch):
    model, out = small_model(), tmp_path / "out"
    keep = ["id", "y"]
    done = model.predict_folder(folder, out, keep=keep)
    assert (len(done.files), done.made, done.rows) == (3, 3, 345)
    found = read_all(out)
    assert found.column_names == ["id", "y", "prediction_0", "prediction_1"]
    rows = pa.concat_tables([pq.read_table(folder / name) for name in sorted(COUNTS)])
    assert found.column("id").to_pylist() == rows.column("id").to_pylist()
    expected = model.predict(rows.select(["f", "g"]), verbose=0)
    for number in range(2):
        np.testing.assert_array_equal(
            found.column(f"prediction_{number}").to_numpy(), expected[:, number]
        )
    assert pq.read_schema(out / "b.parquet").equals(pq.read_schema(out / "a.parquet"))
    assert model.predict_folder(folder, out, keep=keep).made == 0

    # Cut off in a file: nothing of it is there, and the next call makes just this one.
    content = (out / "a.parquet").read_bytes()
    (out / "a.parquet").unlink()
    calls = []

    def interrupted(x, **arguments):
        calls.append(x)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return small_model().predict(x, **arguments)

    with monkeypatch.context() as patch:
        patch.setattr(model, "predict", interrupted)
        with pytest.raises(KeyboardInterrupt):
            model.predict_folder(folder, out, keep=keep)
    assert sorted(p.name for p in out.iterdir()) == ["b.parquet", "below"]
    (out / ".a.parquet.0.parquet").write_bytes(b"half")  # of a process that was killed
    done = model.predict_folder(folder, out, keep=keep)
    assert (done.made, done.rows) == (1, 300)
    assert (out / "a.parquet").read_bytes() == content


def test_files_in_the_way_are_errors(folder, tmp_path):
    model, out = small_model(), tmp_path / "out"
    model.predict_folder(folder, out, keep=["id", "y"])
    cases = [
        (lambda: small_model(2).predict_folder(folder, out, ["id", "y"]), "made by another model"),
        (lambda: model.predict_folder(folder, out, ["y", "id"]), "made with other `keep`"),
        (lambda: model.predict_folder(folder, folder, ["id", "y"]), "take the place of the rows"),
        (lambda: model.predict_folder(folder, out, "id"), "3 columns: f, g, y. Expected: 2. Fix"),
        (lambda: model.predict_folder(folder, out, "idd"), "Given: 4 columns"),
        (lambda: model.predict_folder(folder, out, "x", ["f", "g"]), "there is no column 'x'"),
    ]
    for call, message in cases:
        with pytest.raises(ValueError, match=message):
            call()
    shutil.copy(folder / "below" / "c.parquet", folder / "a.parquet")
    with pytest.raises(ValueError, match=r"a\.parquet: it was made of other rows"):
        model.predict_folder(folder, out, ["id", "y"])
    (out / "a.parquet").write_bytes(b"half")
    with pytest.raises(ValueError, match=r"a\.parquet: it holds no predictions of this library"):
        model.predict_folder(folder, out, ["id", "y"])


def test_columns_of_several_outputs():
    one, two = np.zeros((3, 1)), np.ones((3, 2))
    assert list(columns_of({"a": one, "b": two})) == ["a", "b_0", "b_1"]
    assert list(columns_of([one, two], ["p"])) == ["p", "1_0", "1_1"]
    assert list(columns_of(np.zeros(3))) == ["prediction"]


def test_estimators_and_the_command_line(folder, tmp_path, capsys):
    table = pq.read_table(folder / "a.parquet").append_column(
        "word", pa.array([["red", "blue", None][i % 3] for i in range(300)])
    )
    rows = tmp_path / "words"
    rows.mkdir()
    pq.write_table(table.slice(0, 150), rows / "0.parquet", row_group_size=60)
    pq.write_table(table.slice(150), rows / "1.parquet", row_group_size=60)
    model = rb.tabular.TabularRegressor(models=1, members=2, width=8, epochs=2)
    model.fit(table, target="y")
    out = tmp_path / "out"
    assert model.predict_folder(rows, out, keep="id").rows == 300
    found = pa.concat_tables([pq.read_table(out / f"{n}.parquet") for n in range(2)])
    np.testing.assert_array_equal(found.column("prediction").to_numpy(), model.predict(table))

    model.save(tmp_path / "m.keras")
    command = ["predict", str(tmp_path / "m.keras"), str(rows), "--keep", "word,f"]
    assert main([*command, "--out", str(tmp_path / "told")]) == 0
    assert "2 files, 300 rows; 0 were there already." in capsys.readouterr().out
    told = pa.concat_tables([pq.read_table(tmp_path / "told" / f"{n}.parquet") for n in range(2)])
    assert {"word", "f", "prediction"} <= set(told.column_names)
    np.testing.assert_array_equal(told.column("prediction").to_numpy(), model.predict(table))
    assert main([*command, "--out", str(tmp_path / "told")]) == 0
    assert "0 files, 0 rows; 2 were there already." in capsys.readouterr().out
    assert main([*command, "--out", str(tmp_path / "one.csv")]) == 2
    assert "--keep is for a folder of Parquet files." in capsys.readouterr().err
