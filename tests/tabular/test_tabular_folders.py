"""Folders of Parquet files that do not fit into a window: statistics of all rows, few in memory."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.core.errors import RosenblattError
from rosenblatt.data import parquet_source
from rosenblatt.data.parquet_data import ParquetData
from rosenblatt.data.parquet_folder import ParquetFolder
from rosenblatt.tables import read
from rosenblatt.tables.table import TextColumn
from rosenblatt.tabular import (
    TabularClassifier,
    TabularRegressor,
    counting,
    folder_learning,
    folder_splitting,
    folder_tables,
    load,
    recipe,
    survey,
    training,
)
from rosenblatt.tabular.counting import WordCounts
from rosenblatt.tabular.drawing import HELD_OUT, MEAN_FOLD, SAMPLE, drawn
from rosenblatt.tabular.folder_rows import FolderRows
from rosenblatt.tabular.folder_tables import FolderTables
from rosenblatt.tabular.kinds import infer
from rosenblatt.tabular.learning import Ready

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

SMALL: dict[str, Any] = {
    "models": 1, "epochs": 2, "width": 8, "depth": 1, "members": 2, "batch_size": 64,
}  # fmt: skip
WINDOW = 20_000  # bytes: some 200 rows
ROWS, GROUP, SAMPLED, PIECE = 3000, 200, 400, 150


@pytest.fixture(autouse=True)
def few_rows_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is meant for millions of rows, for thousands."""
    monkeypatch.setattr(folder_tables, "ALWAYS_WHOLE", 100)
    monkeypatch.setattr(folder_tables, "_PIECE", PIECE)
    monkeypatch.setattr(survey, "SAMPLED", SAMPLED)
    monkeypatch.setattr(folder_splitting, "SAMPLED", SAMPLED)


def sales(rows: int = ROWS, seed: int = 0) -> Any:
    """A table of words, rare words, gaps, dates, an id and a weight."""
    rng = np.random.default_rng(seed)
    town = rng.integers(0, 30, rows)
    area = rng.normal(100, 20, rows)
    day = rng.integers(0, 700, rows)
    price = 10 * np.sin(town) + area / 10 + day / 100 + rng.normal(0, 0.1, rows)
    rare = rng.random(rows) < 0.004
    area[8] = 1e4  # the largest, in one row only
    return pa.table(
        {
            "id": [f"k{n:06}" for n in range(rows)],
            "town": [f"rare {n % 3}" if r else f"town {t}" for n, (t, r) in
                     enumerate(zip(town, rare, strict=True))],
            "sea": pa.array(rng.choice(["near", "far"], rows), mask=rng.random(rows) < 0.1),
            "area": pa.array(area),
            "rooms": pa.array(rng.integers(1, 9, rows), mask=np.arange(rows) == 11),
            "sold": (np.datetime64("2020-01-01") + day).astype("M8[D]"),
            "weight": rng.integers(1, 3, rows).astype("float32"),
            "price": pa.array(price, mask=np.arange(rows) % 100 == 5),
        }
    )  # fmt: skip


def write(folder: Path, table: Any, group: int = GROUP, files: int = 3) -> Path:
    folder.mkdir(exist_ok=True)
    each = -(-table.num_rows // files)
    for number in range(files):
        part = table.slice(number * each, each)
        pq.write_table(part, folder / f"{number}.parquet", row_group_size=group)
    return folder


def data_of(folder: Path, **more: Any) -> ParquetData:
    return rb.data.parquet(
        folder, **{"target": "price", "window": WINDOW, "drop": "weight", **more}
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("sales") / "all", sales())


def ready_of(monkeypatch: pytest.MonkeyPatch, model: Any, data: ParquetData, **more: Any) -> Ready:
    """What networks would be trained on."""
    found: list[Ready] = []

    class Stop(Exception):
        pass

    def stop(*given: Any) -> None:
        found.append(made(*given))
        raise Stop

    made = folder_learning.ready
    with monkeypatch.context() as patch:
        patch.setattr(folder_learning, "ready", stop)
        with pytest.raises(Stop):
            model.fit(data, **more)
    return found[0]


def trained_places(rows: int, seed: int = 0, gaps: bool = True) -> np.ndarray[Any, Any]:
    """The places of the rows of `sales` that are trained on."""
    places = np.arange(rows)
    known = (places % 100 != 5) | (not gaps)
    return places[known & (drawn(places, HELD_OUT, seed) >= survey.held_share(rows))]


# -- what fits, and what does not ------------------------------------------------------------------


def test_what_fits_into_a_window_is_trained_as_a_table(folder: Path) -> None:
    whole = TabularRegressor(**SMALL, drop="weight").fit(folder, target="price")
    data = data_of(folder, window="1MB", drop=())
    model = TabularRegressor(**SMALL, drop="weight").fit(data)
    table = sales(50, seed=1)
    np.testing.assert_array_equal(model.predict(table), whole.predict(table))
    assert model.schema_.columns.keys() == whole.schema_.columns.keys()
    assert model.scores_ == whole.scores_


def test_a_path_is_read_by_windows_where_its_table_is_large(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert folder_tables.stored(folder, "price") is None  # 200 kB
    monkeypatch.setattr(folder_tables, "LARGEST", 100_000)
    found = folder_tables.stored(str(folder), "price")
    assert found is not None and found.target == "price" and found.window == 512_000_000
    assert folder_tables.stored(folder / "0.parquet") is None
    assert folder_tables.stored(sales()) is None
    parts = write(tmp_path / "year=2020", sales()).parent
    assert folder_tables.stored(parts) is None  # the year is a column there
    (tmp_path / "other").mkdir()
    assert folder_tables.stored(tmp_path / "other") is None
    seen: list[FolderTables] = []
    monkeypatch.setattr(FolderTables, "fit_in_window", property(seen.append))
    monkeypatch.setattr(TabularRegressor, "fit_folder", lambda self, tables, **_: tables)
    tables = TabularRegressor(**SMALL).fit(str(folder), target="price")
    assert seen == [tables]


def test_a_folder_larger_than_its_window(folder: Path, tmp_path: Path) -> None:
    settings = {**SMALL, "epochs": 10, "width": 32, "members": 4, "learning_rate": 0.02}
    model = TabularRegressor(**settings).fit(data_of(folder))
    table = sales(300, seed=1)
    price = np.nan_to_num(table["price"].to_numpy(), nan=20.0)
    x = table.drop_columns(["price", "weight"])
    assert model.score(x, price) > 0.8
    assert {name: kind.kind for name, kind in model.schema_.columns.items()} == {
        "id": "id", "town": "category", "sea": "category", "area": "number", "rooms": "number",
        "sold": "date",
    }  # fmt: skip
    train = len(trained_places(ROWS))
    held = int((np.arange(ROWS) % 100 != 5).sum()) - train
    assert model.facts_.rows == {"training": train, "validation": held}
    assert len(model.held_out_.rows) == held
    assert f"{train:,} rows were trained on, window by window." in model.facts_.notes
    assert model.facts_.split == f"random: 1 network, {held} rows held out"
    assert {found.code for found in model.warnings_} == {"date", "id"}
    assert model.predict_interval(x, 0.8).shape == (300, 2)
    model.save(tmp_path / "price.keras")
    np.testing.assert_array_equal(load(tmp_path / "price.keras").predict(x), model.predict(x))


def test_few_rows_are_in_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows hold as many rows as fit, tables as many as a piece, and the sample few."""
    windows: list[tuple[int, ...]] = []
    tables: list[int] = []
    empty, read = parquet_source.aligned_empty, FolderTables._table

    def counted(shape: tuple[int, ...], dtype: Any) -> Any:
        windows.append(shape)
        return empty(shape, dtype)

    def seen(self: FolderTables, arrow: Any, *rest: Any) -> Any:
        tables.append(arrow.num_rows)
        return read(self, arrow, *rest)

    sources: list[FolderRows] = []
    made = FolderRows.source_of_batches

    def kept(self: FolderRows, *given: Any) -> Any:
        sources.append(self)
        return made(self, *given)

    monkeypatch.setattr(parquet_source, "aligned_empty", counted)
    monkeypatch.setattr(FolderTables, "_table", seen)
    monkeypatch.setattr(FolderRows, "source_of_batches", kept)
    reads: list[int] = []
    monkeypatch.setattr(
        ParquetFolder, "read", lambda self, *given, _read=ParquetFolder.read:
        reads.append(1) or _read(self, *given),
    )  # fmt: skip
    data = data_of(folder)
    model = TabularRegressor(**SMALL).fit(data)
    rows = sources[0].window_rows
    assert GROUP < rows < 2 * GROUP  # of encoded rows; a window is one row group
    assert max(tables) == PIECE
    in_windows = [shape[0] for shape in windows if shape[0] != 64 * 512 and len(shape) > 1]
    blocks = {len_ for len_ in in_windows if len_ % 64 == 0}
    assert max(set(in_windows) - blocks) <= rows
    groups = len(data.folder.groups)
    assert groups == 15
    # Once for the statistics, once for target means, once an epoch, and for the first batch.
    assert len(reads) <= groups * (2 + SMALL["epochs"]) + 1
    assert len(model.summary_.columns) == 5
    assert 200 < model.summary_.rows < 600


# -- statistics of all rows --------------------------------------------------------------------


def test_words_and_target_means_are_those_of_all_rows(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = TabularRegressor(**SMALL)
    ready = ready_of(monkeypatch, model, data_of(folder))
    table = sales()
    places = trained_places(ROWS)
    town = np.array(table["town"].to_pylist(), object)[places]
    price = table["price"].to_numpy()[places]
    words, counts = np.unique(town, return_counts=True)
    one = next(column for column in ready.encoder.columns if column.name == "town")
    category = one.categories[0]
    vocabulary = category.index.get_vocabulary()
    assert set(vocabulary) == set(words[counts >= 3])
    assert any(word.startswith("rare") for word in vocabulary)  # the sample has none or one of it

    codes = category.index.lookup(town)
    folds = (drawn(places, MEAN_FOLD, 0) * 5).astype(int)
    assert category.means is not None

    def smoothed(some: Any) -> Any:
        rows = np.bincount(codes[some], minlength=category.index.size)
        sums = np.bincount(codes[some], price[some], category.index.size)
        rows, sums = (one * len(price) / some.sum() for one in (rows, sums))
        mean = (sums + 10 * price.mean()) / (rows + 10)
        return np.stack([mean, np.log1p(rows)], axis=1)

    # Both tables are the same numbers in other units.
    expected = smoothed(np.ones(len(price), bool))
    got = category.means.table
    slope = (got[2] - got[1]) / (expected[2] - expected[1])
    for column in range(2):
        unit = np.polyfit(expected[:, column], got[:, column], 1)
        np.testing.assert_allclose(np.polyval(unit, expected[:, column]), got[:, column], atol=1e-4)
        assert slope[column] == pytest.approx(unit[0], rel=1e-2)

        # A row to train on has the means of the rows of other folds.
        data = ready.folds[0].data
        assert isinstance(data, FolderRows)
        rows = [piece.inputs["numbers"] for group in data.groups for piece in data.read(group)]
        numbers = np.concatenate(rows)
        assert len(numbers) == len(places) == len(data)
        own = np.empty(len(places))
        for fold in range(5):
            own[folds == fold] = smoothed(folds != fold)[codes[folds == fold], column]
        place = numbers.shape[1] - 2 + column
        np.testing.assert_allclose(np.polyval(unit, own), numbers[:, place], atol=1e-4)


def test_crosses_have_the_means_of_all_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe, "CROSSED", 100)
    monkeypatch.setattr(survey, "SAMPLED", 1500)
    rng = np.random.default_rng(0)
    one, two = rng.integers(0, 20, ROWS), rng.integers(0, 3, ROWS)
    price = ((one + two) % 2).astype(float)
    table = pa.table({"one": [f"a{i}" for i in one], "two": [f"b{i}" for i in two], "price": price})
    data = data_of(write(tmp_path / "d", table), drop=())
    ready = ready_of(monkeypatch, TabularRegressor(**SMALL), data)
    (cross,) = ready.encoder.crosses
    places = trained_places(ROWS, gaps=False)
    cell = (3 * one + two)[places]
    rows = np.bincount(cell, minlength=60)
    sums = np.bincount(cell, price[places], 60)
    expected = (sums + 10 * price[places].mean()) / (rows + 10)
    codes = [
        ready.encoder.columns[column]
        .categories[number]
        .index.lookup(
            np.array([f"{'ab'[column]}{(cells // 3, cells % 3)[column]}" for cells in range(60)])
        )
        for column, number in cross.parts
    ]
    got = cross.means.table[cross.index.lookup(codes)][:, 0]
    unit = np.polyfit(expected, got, 1)
    np.testing.assert_allclose(np.polyval(unit, expected), got, atol=1e-4)


def test_ranges_and_gaps_are_those_of_all_rows(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not (drawn(np.array([8, 11]), SAMPLE, 0) < SAMPLED / ROWS).any()
    ready = ready_of(monkeypatch, TabularRegressor(**SMALL), data_of(folder))
    data = ready.folds[0].data
    assert isinstance(data, FolderRows)
    rows = [piece.inputs["numbers"] for group in data.groups for piece in data.read(group)]
    numbers = np.concatenate(rows)
    columns = [column.name for column in ready.encoder.columns if column.parse is not None]
    area, rooms = columns.index("area"), columns.index("rooms")
    assert ready.shape.edges[area][-1] == numbers[:, area].max() > 100
    assert np.isnan(numbers[:, rooms]).sum() == 1
    assert rooms in ready.shape.gaps
    assert ready.scale is not None
    price = sales()["price"].to_numpy()[trained_places(ROWS)]
    assert (ready.scale.low, ready.scale.high) == (price.min(), price.max())


def test_nothing_depends_on_how_files_are_cut(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = write(tmp_path / "other", sales(), group=333, files=2)
    first = ready_of(monkeypatch, TabularRegressor(**SMALL), data_of(folder))
    second = ready_of(monkeypatch, TabularRegressor(**SMALL), data_of(other))
    one, two = (
        np.concatenate(
            [p.inputs["numbers"] for g in ready.folds[0].data.groups  # type: ignore[union-attr]
             for p in ready.folds[0].data.read(g)]  # type: ignore[union-attr]
        )
        for ready in (first, second)
    )  # fmt: skip
    np.testing.assert_allclose(one, two, rtol=1e-6)
    apart, again = first.folds[0].apart, second.folds[0].apart
    assert apart is not None and again is not None
    np.testing.assert_array_equal(apart.targets, again.targets)


def test_words_beyond_the_most_keep_the_frequent_ones() -> None:
    counts = WordCounts(most=20)
    rng = np.random.default_rng(0)
    for start in range(0, 2000, 100):
        words = [f"once {start + i}" for i in range(50)] + [f"often {i}" for i in range(10)]
        codes = rng.permutation([*range(50), *list(range(50, 60)) * 5]).astype(np.int32)
        counts.add(TextColumn("", codes, np.array(words, object)))
    words, rows = counts.found()
    assert len(words) <= 20
    often = {word: int(n) for word, n in zip(words, rows, strict=True) if word.startswith("often")}
    assert often.keys() == {f"often {i}" for i in range(10)}
    assert all(100 - 2000 / 20 < n <= 100 for n in often.values())
    assert not [n for word, n in zip(words, rows, strict=True) if word.startswith("once") and n > 1]


def test_a_column_of_a_sample_is_no_id_where_its_values_come_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1,500 customers of two rows each: nearly all different in 300 rows, half of 3,000."""
    rng = np.random.default_rng(0)
    table = sales().append_column(
        "customer_id", pa.array([f"c{i % 1500}" for i in rng.permutation(ROWS)])
    )
    counter = pa.array(np.arange(ROWS))
    data = data_of(write(tmp_path / "d", table.append_column("n", counter)))
    kinds = ready_of(monkeypatch, TabularRegressor(**SMALL), data).schema.columns
    assert kinds["customer_id"].kind == "category"
    assert kinds["id"].kind == kinds["n"].kind == "id"


def test_all_types_are_read_as_in_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, rng = 900, np.random.default_rng(0)
    seconds = np.datetime64("2020-01-01T00:00:00") + rng.integers(0, 10**7, rows)
    table = pa.table(
        {
            "words": pa.array(rng.choice(["x", "y"], rows)).dictionary_encode(),
            "large": pa.array(rng.choice(["x", "y"], rows)).cast(pa.large_string()),
            "decimal": pa.array([Decimal(int(i)) / 100 for i in rng.integers(0, 999, rows)]),
            "flag": pa.array(rng.random(rows) < 0.5, mask=rng.random(rows) < 0.1),
            "zone": pa.array(seconds.astype("M8[us]")).cast(pa.timestamp("us", "Europe/Berlin")),
            "lasted": pa.array(rng.integers(0, 1000, rows).astype("m8[s]")),
            "clock": pa.array(rng.integers(0, 86400, rows).astype("int32"), pa.time32("s")),
            "whole": pa.array(rng.integers(0, 500, rows), mask=rng.random(rows) < 0.2),
            "long": pa.array(2**60 + rng.integers(0, 50, rows)),
            "half": pa.array(rng.normal(size=rows).astype("float16")),
            "nothing": pa.nulls(rows),
            "no words": pa.array([None] * rows, pa.string()),
            "late": pa.array([None] * 600 + ["p", "q", "r"] * 100),
            "day": np.datetime_as_string(seconds.astype("M8[D]")),
            "comma": [f"{v:.2f} kg".replace(".", ",") for v in rng.normal(50, 9, rows)],
            "bytes": pa.array([b"u%d" % (i % 4) for i in range(rows)]),
            "list": pa.array([[i % 3] for i in range(rows)]),
            "note": [" ".join(rng.choice(list("abcdefghij"), 6)) for _ in range(rows)],
            "price": rng.normal(size=rows),
        }
    )
    data = data_of(write(tmp_path / "d", table, files=1), drop=(), window=5000)
    found = ready_of(monkeypatch, TabularRegressor(**SMALL), data).schema.columns
    whole = infer(read(tmp_path / "d").without(["price"])).columns
    assert {name: kind.kind for name, kind in found.items()} == {
        name: kind.kind for name, kind in whole.items()
    }
    assert {kind.kind for kind in found.values()} == {
        "category",
        "number",
        "date",
        "text",
        "constant",
    }


# -- classes, weights, splits ------------------------------------------------------------------


def classes(folder: Path, rows: int = ROWS) -> Path:
    """`sales` with a class that 2 rows of a thousand have, none of them in the sample."""
    table = sales(rows)
    price = np.nan_to_num(table["price"].to_numpy(), nan=0.0)
    places = np.arange(rows)
    label = np.where(price > np.median(price), "dear", "cheap").astype(object)
    sampled = drawn(places, SAMPLE, 0) < SAMPLED / rows
    label[(places % 250 == 9) & ~sampled] = "never"
    label[places % 100 == 5] = "n/a"  # no label
    return write(folder, table.drop_columns("price").append_column("price", pa.array(label)))


def test_classes_that_the_sample_lacks_and_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = data_of(classes(tmp_path / "d"), weights="weight", drop=())
    model = TabularClassifier(**SMALL, class_weight="balanced")
    ready = ready_of(monkeypatch, model, data)
    assert ready.task.classes == ("cheap", "dear", "never")
    rows = ready.folds[0].data
    assert isinstance(rows, FolderRows)
    pieces = [piece for group in rows.groups for piece in rows.read(group)]
    targets = np.concatenate([piece.targets for piece in pieces])
    weights = np.concatenate([piece.weights for piece in pieces if piece.weights is not None])
    table = pq.read_table(tmp_path / "d")
    places = trained_places(ROWS)
    label = np.array(table["price"].to_pylist(), object)[places]
    own = table["weight"].to_numpy()[places].astype(float)
    np.testing.assert_array_equal(np.array(ready.task.classes, object)[targets], label)
    sums = {name: own[label == name].sum() for name in ready.task.classes}
    expected = own / np.array([sums[one] for one in label])
    np.testing.assert_allclose(weights, expected / expected.mean(), rtol=1e-5)
    np.testing.assert_allclose(ready.shape.shares, [1 / 3] * 3)


def test_a_classifier_of_a_folder(tmp_path: Path) -> None:
    data = data_of(classes(tmp_path / "d"))
    model = TabularClassifier(**SMALL).fit(data)
    assert model.classes_.tolist() == ["cheap", "dear", "never"]
    label = np.array(pq.read_table(tmp_path / "d")["price"].to_pylist())[trained_places(ROWS)]
    found = dict(zip(*np.unique(label, return_counts=True), strict=True))
    assert model.facts_.classes == found
    chances = model.predict_proba(sales(20, seed=1))
    np.testing.assert_allclose(chances.sum(axis=1), 1)


def test_the_latest_rows_are_held_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = TabularRegressor(**SMALL, split="time:sold")
    seen: list[survey.Survey] = []
    look = survey.survey
    monkeypatch.setattr(survey, "survey", lambda *given: seen.append(look(*given)) or seen[-1])
    ready_of(monkeypatch, model, data_of(folder))
    held, sample = seen[0].held_out, seen[0].sample
    assert held is not None
    assert held.table["sold"].values.min() > sample.table["sold"].values.max()
    assert 0.05 * ROWS < len(held.weights) < 0.2 * ROWS


def test_groups_are_held_out_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[survey.Survey] = []
    look = survey.survey
    monkeypatch.setattr(survey, "survey", lambda *given: seen.append(look(*given)) or seen[-1])
    ready_of(monkeypatch, TabularRegressor(**SMALL, split="group:town"), data_of(folder))
    held = seen[0].held_out
    assert held is not None
    towns = set(held.table["town"].texts())
    assert towns and not towns & set(seen[0].words["town"][0])
    rows = sum(word in towns for word in sales()["town"].to_pylist())
    assert rows * 0.95 < len(held.weights) <= rows


def test_rows_for_validation_may_be_given(folder: Path) -> None:
    model = TabularRegressor(**SMALL).fit(data_of(folder), validation_data=sales(200, seed=2))
    assert len(model.held_out_.rows) == 198  # two have no price
    assert model.facts_.rows["training"] == ROWS - 30


# -- resuming ----------------------------------------------------------------------------------


def test_resumes_to_the_bit(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = TabularRegressor(**SMALL).fit(data_of(folder))
    seen: list[int] = []
    begin = training.Watch.on_epoch_end

    def cut(self: training.Watch, epoch: int, logs: dict[str, Any] | None = None) -> None:
        begin(self, epoch, logs)
        seen.append(epoch)
        if len(seen) == 1:
            raise OSError("the power is gone")

    monkeypatch.setattr(training.Watch, "on_epoch_end", cut)
    with pytest.raises(OSError, match="the power"):
        TabularRegressor(**SMALL).fit(data_of(folder), resume_from=tmp_path)
    monkeypatch.setattr(training.Watch, "on_epoch_end", begin)
    model = TabularRegressor(**SMALL, n_jobs=1).fit(data_of(folder), resume_from=tmp_path)
    table = sales(50, seed=1)
    np.testing.assert_array_equal(model.predict(table), whole.predict(table))
    assert not list(tmp_path.iterdir())


# -- what is refused ---------------------------------------------------------------------------


def mixed(folder: Path) -> ParquetData:
    table = sales(600).append_column("n", pa.array([1] * 599 + [2**60]))
    return data_of(write(folder, table))


def labels(folder: Path) -> ParquetData:
    table = sales(600).drop_columns("price").append_column("price", pa.array(["a"] * 600))
    return data_of(write(folder, table))


REFUSED: dict[str, tuple[Any, Any, str]] = {
    "no target": (
        lambda d: data_of(write(d, sales(600)), target=None), {},
        r"TabularRegressor: one column is to be predicted. Given: target=None.* Fix: name it: "
        r"`rosenblatt.data.parquet\(folder, target='price'\)`",
    ),
    "another target": (
        lambda d: data_of(write(d, sales(600))), {"target": "area"},
        r"`target` is another column than that of `parquet\(target=…\)`. Given: 'area', not "
        "'price'",
    ),
    "targets beside": (
        lambda d: data_of(write(d, sales(600))), {"y": np.zeros(300)},
        "`y` was passed beside rows in files. Given: type ndarray. Expected: the name of a column",
    ),
    "weights beside": (
        lambda d: data_of(write(d, sales(600))), {"sample_weight": np.ones(300)},
        "`sample_weight` was passed beside rows in files.",
    ),
    "kinds": (
        mixed, {},
        r"2\.parquet, row group 0: Column 'n' is of another kind than in the rows before. Given: "
        r"text \(int64\). Expected: number.* Fix: write the column in one type, whole numbers "
        r"beyond 2\*\*53 as text",
    ),
    "nothing to read": (
        lambda d: data_of(write(d, sales(600).select(["id", "price"])), drop=(), window=9000),
        {},
        "no column is left to predict from. Given: id: id, left out",
    ),
    "one label": (labels, {}, "Target 'price' has the same value in every row"),
    "not a number": (
        lambda d: data_of(write(d, sales(600)), target="town"), {},
        r"d, a sample of its rows: Target 'town' is not a number in row",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case: str, tmp_path: Path) -> None:
    data, arguments, message = REFUSED[case]
    with pytest.raises(RosenblattError, match=message):
        TabularRegressor(**SMALL).fit(data(tmp_path / "d"), **arguments)


def test_a_negative_weight_is_refused(tmp_path: Path) -> None:
    table = sales(600)
    table = table.set_column(6, "weight", pa.array([1.0] * 550 + [-1.0] * 50))
    data = data_of(write(tmp_path / "d", table), weights="weight", drop=())
    message = (
        r"2\.parquet, row group 0: Column 'weight' holds a value that is no weight. Given: '-1'"
    )
    with pytest.raises(RosenblattError, match=message):
        TabularRegressor(**SMALL).fit(data)


def test_too_few_rows_with_a_target(tmp_path: Path) -> None:
    table = sales(600).drop_columns("price").append_column("price", pa.array([None] * 600, "float"))
    with pytest.raises(
        RosenblattError, match=r"too few rows with a target to learn from\. Given: 0"
    ):
        TabularRegressor(**SMALL).fit(data_of(write(tmp_path / "d", table)))


def test_too_many_labels(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_MOST_LABELS", 10)
    with pytest.raises(RosenblattError, match="'town' has more than 10 different labels"):
        TabularClassifier(**SMALL).fit(data_of(folder, target="town"))
