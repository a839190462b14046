"""`rosenblatt tune` in a folder that holds a search: it goes on, or says why it may not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from rosenblatt.cli import main


def frame(seed: int = 0, rows: int = 60) -> pl.DataFrame:
    a, b = np.random.default_rng(seed).normal(size=(2, rows)).round(4)
    return pl.DataFrame({"a": a, "b": b, "y": (2 * a - b).round(3), "kind": (a > 0).astype(int)})


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A folder with a search of one trial on t.csv."""
    frame().write_csv(tmp_path / "t.csv")
    assert tune(tmp_path, "t.csv", 1) == 0
    return tmp_path


def tune(folder: Path, data: str, trials: int, *options: str) -> int:
    given = {"--target": "y", "--epochs": "1"} | dict(zip(options[::2], options[1::2], strict=True))
    words = [
        "tune",
        "--no-tabular",
        str(folder / data),
        "--out",
        str(folder / "out"),
        "--trials",
        str(trials),
    ]
    return main([*words, "--workers", "1", "-q", *(w for pair in given.items() for w in pair)])


def ended(folder: Path) -> int:
    return (folder / "out/search/journal.jsonl").read_text().count('"event":"end"')


SAME = {
    "the same file": ("t.csv", lambda f: None),
    "by another path": ("u.csv", lambda f: frame().write_csv(f / "u.csv")),
    "in another format": ("u.parquet", lambda f: frame().write_parquet(f / "u.parquet")),
    "touched": ("t.csv", lambda f: frame().write_csv(f / "t.csv")),
    "written otherwise": ("u.tsv", lambda f: frame().write_csv(f / "u.tsv", separator="\t")),
}


@pytest.mark.parametrize("case", SAME)
def test_the_same_content_goes_on(case: str, begun: Path) -> None:
    data, change = SAME[case]
    change(begun)
    assert tune(begun, data, 2) == 0
    assert ended(begun) == 2


OTHER = {
    "another value": (lambda t: t.with_columns(pl.col("a") + (pl.col("a") == t["a"][7])), ()),
    "other rows": (lambda t: frame(seed=1), ()),
    "another order of rows": (lambda t: t.reverse(), ()),
    "other targets": (lambda t: t.with_columns(-pl.col("y")), ()),
    "more rows": (lambda t: frame(rows=61), (), "rows 61. Expected: data {t}, target y, rows 60."),
    "another column": (
        lambda t: t.rename({"b": "c"}),
        (),
        "features a/c/kind. Expected: data {t}, target y, features a/b/kind.",
    ),
    "another target": (
        lambda t: t,
        ("--target", "b"),
        "data {t}, target b, seed 42. Expected: data {t}, target y, seed 42.",
    ),
    "another seed": (
        lambda t: t,
        ("--seed", "7"),
        "data {t}, target y, seed 7. Expected: data {t}, target y, seed 42.",
    ),
    "another task": (
        lambda t: t.with_columns(y=t["kind"]),
        (),
        "target y, task classification. Expected: data {t}, target y, task regression.",
    ),
}


@pytest.mark.parametrize("case", OTHER)
def test_other_content_is_refused(case: str, begun: Path, capsys) -> None:
    change, options, *told = OTHER[case]
    before = (begun / "out/model.keras").read_bytes()
    change(frame()).write_csv(begun / "t.csv")
    capsys.readouterr()
    assert tune(begun, "t.csv", 2, *options) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith(f"rosenblatt: --out {begun / 'out'} holds ")
    if told:
        assert told[0].format(t=begun / "t.csv") in said
        assert said.endswith("Fix: name another folder.\n")
    else:
        assert (
            f"a search on other data: the content of {begun / 't.csv'} is not what its trials "
            "learnt from. Given: rows with the fingerprint "
        ) in said
        assert said.endswith(
            f"Fix: name another folder, or remove {begun / 'out/search'} to start over.\n"
        )
    assert ended(begun) == 1
    assert (begun / "out/model.keras").read_bytes() == before


def test_other_settings_are_said(begun: Path, capsys) -> None:
    capsys.readouterr()
    assert tune(begun, "t.csv", 2, "--epochs", "2", "--batch-size", "16") == 0
    assert capsys.readouterr().err == (
        f"rosenblatt: the search in {begun / 'out'} was begun with epochs 1, batch size 32, "
        "patience 5; trials from here on have epochs 2, batch size 16, patience 5.\n"
    )


def test_a_search_that_knows_the_path_alone(begun: Path, capsys) -> None:
    """As earlier versions wrote it."""
    path = begun / "out/search/data.json"
    path.write_text(json.dumps({"data": str(begun / "t.csv"), "target": "y", "seed": 42}))
    assert tune(begun, "t.csv", 2) == 0
    assert "content" in json.loads(path.read_text())
    path.write_text(json.dumps({"data": "elsewhere.csv", "target": "y", "seed": 42}))
    capsys.readouterr()
    assert tune(begun, "t.csv", 3) == 2
    assert "holds another search. Given: data " in capsys.readouterr().err


def test_a_damaged_file(begun: Path, capsys) -> None:
    path = begun / "out/search/data.json"
    path.write_text("{")
    capsys.readouterr()
    assert tune(begun, "t.csv", 2) == 2
    assert capsys.readouterr().err == (
        f"rosenblatt: {path}: damaged, so it is not known on what the search learnt. Fix: name "
        f"another folder, or remove {path.parent} to start over.\n"
    )


def test_nothing_of_another_network_stays_beside_the_best(tmp_path: Path) -> None:
    frame().write_csv(tmp_path / "t.csv")
    out = tmp_path / "out"
    words = [
        "train",
        "--no-tabular",
        str(tmp_path / "t.csv"),
        "--target",
        "y",
        "--out",
        str(out),
        "-q",
    ]
    assert main([*words, "--epochs", "1"]) == 0
    assert tune(tmp_path, "t.csv", 1) == 0
    assert {path.name for path in out.iterdir()} == {
        "model.keras", "metrics.json", "trials.csv", "search",
    }  # fmt: skip
