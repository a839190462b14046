"""What each extra of pyproject.toml is for: a call that needs it, and the error without it.

`make release` makes an environment for each extra, in which the call must work; in one with the
library alone it must fail with the text. The tests hide the packages and compare the texts.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NamedTuple


class Extra(NamedTuple):
    """One extra.

    Args:
        call: code that works where the extra is installed.
        says: the error where nothing but the library is; None if the user's own import fails first.
    """

    call: str
    says: str | None


MISSING = (
    "{}: an optional dependency is missing. Expected: an installed {!r}. "
    'Fix: pip install "rosenblatt[{}]"'
)
COMMAND = """
import contextlib, io
from rosenblatt.cli import main
said = io.StringIO()
with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
    code = main(["--help"])
if code:
    raise ImportError(said.getvalue().strip())
"""
MODEL = """
import numpy as np
import rosenblatt as rb
model = rb.Sequential([rb.Input((2,)), rb.layers.Dense(1)])
"""
TABLE = """
from pathlib import Path
import rosenblatt as rb
Path("table.csv").write_text("a,b\\n1,x\\n2,y\\n")
assert len(rb.tables.read("table.csv").columns) == 2
"""
# The parts of the smallest workbook there is.
WORKBOOK = """
from zipfile import ZipFile
import rosenblatt as rb
office = "http://schemas.openxmlformats.org"
kinds = f"{office}/officeDocument/2006/relationships"
types = "application/vnd.openxmlformats-officedocument.spreadsheetml"
relation = "<Relationships xmlns='%s/package/2006/relationships'><Relationship Id='r1' " \\
    "Type='%s/%s' Target='%s'/></Relationships>"
row = "<row><c><v>1</v></c><c><v>2</v></c></row>"
parts = {
    "[Content_Types].xml": f"<Types xmlns='{office}/package/2006/content-types'><Default "
    "Extension='rels' ContentType='application/vnd.openxmlformats-package.relationships+xml'/>"
    f"<Override PartName='/xl/workbook.xml' ContentType='{types}.sheet.main+xml'/>"
    f"<Override PartName='/xl/s.xml' ContentType='{types}.worksheet+xml'/></Types>",
    "_rels/.rels": relation % (office, kinds, "officeDocument", "xl/workbook.xml"),
    "xl/workbook.xml": f"<workbook xmlns='{office}/spreadsheetml/2006/main' xmlns:r='{kinds}'>"
    "<sheets><sheet name='a' sheetId='1' r:id='r1'/></sheets></workbook>",
    "xl/_rels/workbook.xml.rels": relation % (office, kinds, "worksheet", "s.xml"),
    "xl/s.xml": f"<worksheet xmlns='{office}/spreadsheetml/2006/main'><sheetData>{row}{row}"
    "</sheetData></worksheet>",
}
with ZipFile("table.xlsx", "w") as book:
    for name, text in parts.items():
        book.writestr(name, text)
assert len(rb.tables.read("table.xlsx").columns) == 2
"""
FOLDER = """
import contextlib, os
import rosenblatt as rb
os.makedirs("rows", exist_ok=True)
with contextlib.suppress(ImportError):
    import pyarrow.parquet
    table = pyarrow.table({"a": [1.0, 2.0], "y": [1.0, 2.0]})
    pyarrow.parquet.write_table(table, "rows/a.parquet")
rb.data.parquet("rows", target="y")
"""
ONNX = f"{MODEL}model.export('model.onnx', format='onnx', verbose=False)\n"
ESTIMATOR = """
import numpy as np
import rosenblatt.sklearn
x = np.linspace(0, 1, 20).reshape(10, 2)
rosenblatt.sklearn.MLPRegressor(max_iter=1).fit(x, x.sum(axis=1))
"""
BOARD = """
import rosenblatt as rb
with rb.summary.create_file_writer("logs").as_default():
    rb.summary.text("words", "hello", step=0)
"""
TRACE = f"{MODEL}import xprof\nboard = rb.callbacks.TensorBoard('logs', profile_batch=1)\n" + (
    "model.compile(loss='mse')\n"
    "model.fit(np.ones((64, 2)), np.ones(64), verbose=0, callbacks=[board])\n"
)
TRANSFORM = f"{MODEL}import optax\n" + (
    "model.compile(optimizer=optax.adam(0.1), loss='mse')\n"
    "model.fit(np.ones((4, 2)), np.ones(4), verbose=0)\n"
)
OPTUNA = "import rosenblatt as rb\nrb.tuner.OptunaOracle('val_loss', max_trials=2)\n"
RAY = """
import rosenblatt as rb
def search(hp):
    hp.Float("x", 0, 1)
class Search(rb.tuner.Tuner):
    def run_trial(self, trial, *args, **kwargs):
        return trial.hyperparameters.Float("x", 0, 1)
oracle = rb.tuner.RandomSearchOracle(rb.tuner.Objective("x", "min"), max_trials=1)
tuner = Search(oracle, search, directory="search")
tuner.search(executor="ray", verbose=0)
"""
SERVE = """
import rosenblatt as rb
assert len(rb.serving.application("run").routes) == 5
"""
TUNING = """
import rosenblatt as rb
rb.tuner.BayesianOptimizationOracle("val_loss", max_trials=2)
rb.plots.learning_curves({"loss": [3.0, 2.0]})
"""

_COMMAND = (
    "rosenblatt: the command line needs typer, which is not installed. "
    'Fix: pip install "rosenblatt[cli]"'
)
_TABLE = MISSING.format("table.csv: reading tables", "polars", "tables")
_BOOK = MISSING.format("table.xlsx: reading tables", "polars", "tables")
_EXPORT = MISSING.format('export: format "onnx"', "onnx", "export")

EXTRAS = {
    "all": Extra(COMMAND + TABLE + ONNX, _COMMAND),
    "cli": Extra(COMMAND, _COMMAND),
    "excel": Extra(WORKBOOK, _BOOK),
    "export": Extra(ONNX, _EXPORT),
    "onnx": Extra(ONNX, _EXPORT),
    "optax": Extra(TRANSFORM, None),
    "optuna": Extra(OPTUNA, MISSING.format("OptunaOracle", "optuna", "optuna")),
    "parquet": Extra(FOLDER, MISSING.format("Parquet files", "pyarrow", "parquet")),
    "plots": Extra(
        "import rosenblatt as rb\nrb.plots.learning_curves({'loss': [3.0, 2.0]})\n",
        MISSING.format("plots", "matplotlib", "plots"),
    ),
    "profile": Extra(TRACE, None),
    "ray": Extra(RAY, MISSING.format('executor="ray"', "ray", "ray")),
    "serve": Extra(SERVE, MISSING.format("serving.application", "starlette", "serve")),
    "sklearn": Extra(ESTIMATOR, MISSING.format("rosenblatt.sklearn", "sklearn", "sklearn")),
    "tables": Extra(TABLE + WORKBOOK, _TABLE),
    "tabular": Extra(TABLE, _TABLE),
    "tensorboard": Extra(BOARD, MISSING.format("tensorboard", "tensorboard", "tensorboard")),
    "tuning": Extra(TUNING, MISSING.format("BayesianOptimization", "sklearn", "sklearn")),
}


def error_of(call: str) -> str | None:
    """The text of the ImportError that code ends with; None if it works."""
    try:
        exec(call, {"__name__": "__main__"})
    except ImportError as error:
        return str(error)
    return None


class Hiding:
    """A finder of modules that finds all but some, as if they were not installed.

    Args:
        finder: the one of `sys.meta_path` that it stands for.
        hidden: names of packages.
    """

    def __init__(self, finder: Any, hidden: Collection[str]):
        self._finder = finder
        self._hidden = hidden

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Where a module is; None for what is hidden."""
        if name.partition(".")[0] in self._hidden:
            return None
        return self._finder.find_spec(name, path, target)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._finder, name)


def hide(packages: Collection[str]) -> None:
    """Let imports find none of some packages from now on."""
    sys.meta_path[:] = [Hiding(finder, packages) for finder in sys.meta_path]
