"""Files with damage of any sort: the command line works, or says so in one line."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from rosenblatt.cli import main
from rosenblatt.serving import runs

PIECES = [b",", b"\n", b'"', b"\0", b"\xff", b"nan", b"inf", b"1e400", b"9" * 30, b";", b"\t",
          b"\r", b"true", b"\xef\xbb\xbf", b" ", b"a", b"2024-01-01", b"{", b"null"]  # fmt: skip
JOURNAL = (
    b'{"event":"begin","seed":1,"objective":"x"}\n'
    b'{"event":"trial","trial_id":"0","values":{"a":1}}\n'
    b'{"event":"end","trial_id":"0","status":"COMPLETED","score":1.0,"best_step":0,'
    b'"message":null,"values":{"a":1}}\n'
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run, with the table that it learnt from beside it, and a search's journal."""
    folder = tmp_path_factory.mktemp("run")
    a, y = np.random.default_rng(0).normal(size=(2, 30)).round(3)
    frame = pl.DataFrame({"a": a, "b": np.arange(30), "y": y})
    frame.write_csv(folder / "t.csv")
    frame.write_parquet(folder / "t.parquet")
    words = ["train", "--no-tabular", str(folder / "t.csv"), "--target", "y", "--epochs", "1", "-q"]
    assert main([*words, "--out", str(folder)]) == 0
    (folder / "search").mkdir()
    (folder / "search" / "journal.jsonl").write_bytes(JOURNAL)
    return folder


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Content with up to three pieces put in, taken out, moved or changed."""
    found = bytearray(content)
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(len(found) + 1)
        kind = rng.randrange(5)
        if kind == 0:
            found[place:place] = rng.choice(PIECES)
        elif kind == 1:
            del found[place : place + rng.randint(1, 40)]
        elif kind == 2:
            found[place : place + 1] = bytes([rng.randrange(256)])
        elif kind == 3:
            del found[place:]
        else:
            other = rng.randrange(len(found) + 1)
            found[place:place] = found[other : other + rng.randint(1, 60)]
    return bytes(found)


# The file that is damaged, and the commands that read it ({r}: the folder).
READERS = {
    "t.csv": ["predict {r} {r}/t.csv", "evaluate {r} {r}/t.csv",
              "train {r}/t.csv --no-tabular --target y --epochs 1 -q --out {r}/new"],
    "t.parquet": ["predict {r} {r}/t.parquet", "evaluate {r} {r}/t.parquet"],
    "metrics.json": ["summary {r}", "predict {r} {r}/t.csv", "evaluate {r} {r}/t.csv"],
    "model.keras": ["summary {r}", "inspect {r}/model.keras"],
    "history.csv": ["curves {r}"],
    "search/journal.jsonl": ["trials {r}"],
}  # fmt: skip


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("name", READERS)
def test_one_line_or_none(name: str, seed: int, run: Path, tmp_path: Path, capsys) -> None:
    rng = random.Random(f"{name} {seed}")
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    (copy / name).write_bytes(damaged((run / name).read_bytes(), rng))
    capsys.readouterr()
    for words in READERS[name]:
        code = main(words.format(r=copy).split())
        said = capsys.readouterr().err
        lines = said.splitlines()
        if name == "t.csv":  # what reading found comes first
            lines = [line for line in lines if line.startswith(("rosenblatt: ", "Traceback"))]
        assert (code, len(lines)) in ((0, 0), (2, 1)), said
        assert "an error that should not be" not in said


TOLD = {
    "facts without a target": (
        "metrics.json", b'{"data": "t.csv"}', "summary {r}",
        "{r}/metrics.json: damaged. Given: no 'target'. Fix: train again.",
    ),
    "facts of another kind": (
        "metrics.json", b'{"data": "t.csv", "target": "y", "features": 3, "classes": null}',
        "summary {r}", "{r}/metrics.json: damaged. Given: features 3. Fix: train again.",
    ),
    "a history of text": (
        "history.csv", b"epoch,loss\n1,small\n", "curves {r}",
        "{r}/history.csv: damaged. Given: could not convert string to float: 'small'. Expected: "
        "a header, and a number for each name in it on each line.",
    ),
    "a journal without its trials": (
        "search/journal.jsonl", b'{"event":"end","trial_id":"0"}\n', "trials {r}",
        "{r}/search/journal.jsonl: damaged. Given: KeyError: '0'.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TOLD)
def test_what_is_said(case: str, run: Path, tmp_path: Path, capsys) -> None:
    name, content, words, text = TOLD[case]
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    (copy / name).write_bytes(content)
    assert main(words.format(r=copy).split()) == 2
    assert capsys.readouterr().err == f"rosenblatt: {text.format(r=copy)}\n"


def test_a_search_says_it_of_its_journal(run: Path, tmp_path: Path, capsys) -> None:
    words = [
        "tune",
        "--no-tabular",
        str(run / "t.csv"),
        "--target",
        "y",
        "--trials",
        "1",
        "--epochs",
        "1",
        "-q",
    ]
    assert main([*words, "--out", str(tmp_path)]) == 0
    path = tmp_path / "search" / "journal.jsonl"
    path.write_bytes(path.read_bytes() + b'{"event":"end","trial_id":"77"}\n')
    capsys.readouterr()
    assert main([*words, "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        f"rosenblatt: {path} is damaged: an event that cannot be. Given: {{'event': 'end', "
        "'trial_id': '77'}. Fix: remove its line, or start over with `overwrite=True`.\n"
    )


def test_an_error_that_nobody_foresaw(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    def failing(*args: object, **kwargs: object) -> None:
        raise KeyError("lost")

    monkeypatch.setattr(runs, "open_run", failing)
    assert main(["summary", "model.keras"]) == 2
    assert capsys.readouterr().err == (
        "rosenblatt: an error that should not be. Given: KeyError: 'lost'. Fix: please report it, "
        "with what `ROSENBLATT_TRACEBACK=1` shows.\n"
    )
