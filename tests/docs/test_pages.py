"""The Python of every page of the site runs, as it stands there."""

from __future__ import annotations

import ast
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
BLOCK = re.compile(r"^( *)```python\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
# Its blocks are parts of files.
ELSEWHERE = {"adding.md": "tests/test_adding.py"}
# What a page takes for granted, by its name: a reader has it from the pages before.
HOUSES = {
    "rooms": [3.0, 5.0, 4.0, 2.0] * 30,
    "sea": ["near", "far"] * 60,
    "size": [50.0 + 7 * i % 90 for i in range(120)],
}
HOUSES["price"] = [2 * size + 40 * (i % 2) for i, size in enumerate(HOUSES["size"])]
# What would take long: fewer trials, fewer epochs, a smaller search.
SHORTER = {
    "serving.md": {'application("run"': 'application("housing.keras"'},
    # Joins processes, which one alone cannot do: tests/distribution does it.
    "scaling.md": {"rb.distribution.initialize()": "rb.distribution.is_main()"},
    "tuner.md": {"max_trials=30": "max_trials=2"},
    "sklearn.md": {'"model__hidden": [20, 50, 100]': '"model__hidden": [20]',
                   '"model__dropout": [0.0, 0.2]': '"model__dropout": [0.2]'},
}  # fmt: skip


def pages() -> list[str]:
    """Every page with Python on it, by its path in docs."""
    found = [path for path in sorted(DOCS.rglob("*.md")) if BLOCK.search(path.read_text())]
    return [path.relative_to(DOCS).as_posix() for path in found]


def blocks(page: str) -> list[str]:
    """The Python of a page, without the indentation of a list that it may be in."""
    text = (DOCS / page).read_text()
    for old, new in SHORTER.get(page, {}).items():
        assert old in text, old
        text = text.replace(old, new)
    return [re.sub(f"^{indent}", "", code, flags=re.M) for indent, code in BLOCK.findall(text)]


@pytest.fixture
def taken_for_granted(tmp_path: Path) -> dict[str, Any]:
    """The names that pages use without making them."""
    rng = np.random.default_rng(42)
    x = rng.normal(size=(64, 8)).astype("float32")
    y = (x[:, :1] > 0).astype("float32")
    model = rb.Sequential([rb.Input((8,)), rb.layers.Dense(4, name="hidden"), rb.layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    model.save(tmp_path / "housing.keras")
    header = ",".join(HOUSES)
    lines = [",".join(map(str, row)) for row in zip(*HOUSES.values(), strict=True)]
    (tmp_path / "houses.csv").write_text("\n".join([header, *lines]))
    return {
        "np": np, "rb": rb, "model": model, "x": x, "y": y,
        "X_train": x[:48], "y_train": y[:48], "X_valid": x[48:], "y_valid": y[48:],
        "x_valid": x[48:], "x_test": x[48:], "y_test": y[48:],
        "new_table": {name: values[:5] for name, values in HOUSES.items() if name != "price"},
        "new_table_with_prices": {name: values[:40] for name, values in HOUSES.items()},
        "frame": HOUSES, "a": np.array([True, False]), "b": np.array([True, True]),
        "c": np.array([False, False]),
    }  # fmt: skip


def of_page(page: str, names: dict[str, Any], folder: Path) -> None:
    """Add what one page alone takes for granted."""
    match page:
        case "choosing.md":
            trained = rb.Sequential(
                [rb.Input((8,)), rb.layers.Dense(4, name="features"), rb.layers.Dense(1)]
            )
            names["trained"] = trained
        case "scaling.md":
            parquet(folder / "sales")
            parquet(folder / "sales-of-may")
        case "sklearn.md":
            from sklearn.model_selection import GridSearchCV

            names["GridSearchCV"] = GridSearchCV
            names["y_train"] = names["y_train"].ravel()


def parquet(folder: Path) -> None:
    """Write a folder of one file of sales."""
    pa = pytest.importorskip("pyarrow", reason="needs the extra parquet")
    import pyarrow.parquet as pq

    folder.mkdir()
    columns = {f"x{i}": np.arange(64.0) % (i + 2) for i in range(8)}
    columns |= {"price": np.arange(64.0), "id": np.arange(64)}
    pq.write_table(pa.table(columns), folder / "part.parquet")


def test_there_are_pages() -> None:
    assert len(pages()) > 15
    assert set(ELSEWHERE) <= {path.name for path in DOCS.glob("*.md")}


@pytest.mark.parametrize("page", [page for page in pages() if page not in ELSEWHERE])
def test_the_code_of_a_page_runs(
    page: str, taken_for_granted: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = taken_for_granted
    of_page(page, names, tmp_path)
    before = rb.config.max_epochs()
    rb.config.set_max_epochs(1)
    try:
        for code in blocks(page):
            ast.parse(code)  # a message that names the block
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                warnings.filterwarnings("ignore", "Limiting epochs to 1")
                warnings.filterwarnings("ignore", "Stochastic Optimizer: Maximum iterations")
                exec(compile(code, f"docs/{page}", "exec"), names)
    finally:
        rb.config.set_max_epochs(before)
        rb.distribution.set_distribution(None)
