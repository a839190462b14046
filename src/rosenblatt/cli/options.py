"""Arguments and options that several verbs take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

# Said in help, for which neither data sets nor formats are imported: the keys of `problems.BUILTIN`
# and of `files.ENDINGS`.
DATA_SETS = ("california_housing", "digits", "fashion_mnist", "iris", "mnist")
ENDINGS = (".weights.h5", ".keras", ".hdf5", ".h5", ".onnx", ".stablehlo", ".npz")

Model = Annotated[Path, Argument(help="A .keras file, or the --out folder of `rosenblatt train`.")]
Data = Annotated[
    str,
    Argument(help=f"A table (CSV, Parquet, …; - for a pipe), or one of {', '.join(DATA_SETS)}."),
]
Target = Annotated[str | None, Option(help="The column to predict, for a file.")]
Epochs = Annotated[int | None, Option(min=1, help="Passes over the data.")]
BatchSize = Annotated[int, Option(min=1, help="Rows in a training step.")]
Patience = Annotated[
    int | None,
    Option(
        min=0,
        help="Epochs without a better validation loss that end training; 0 for none. Unless "
        "given: 10 for a file, none for built-in data (tune: 5). The best epoch is kept anyway.",
    ),
]
Seed = Annotated[int, Option(min=0, max=2**32 - 1, help="Seed of weights, shuffles and splits.")]
NoTabular = Annotated[
    bool,
    Option(
        "--no-tabular",
        help="Of a table of numbers in a file: the plain network, not the model of raw tables.",
    ),
]
Types = Annotated[
    list[str] | None,
    Option(
        help="What columns hold, e.g. zip=category,sold=date (number, category, date, text, id)."
    ),
]
Drop = Annotated[list[str] | None, Option(help="Columns to leave out, with commas between.")]
Split = Annotated[
    str | None, Option(help="How rows are kept apart: random, time:COLUMN or group:COLUMN.")
]
TaskName = Annotated[
    str | None, Option("--task", help="class or quantity; found from the target if not given.")
]
Weights = Annotated[str | None, Option(help="The column that holds the weights of the rows.")]
Window = Annotated[
    str | None,
    Option(
        help="Of Parquet files: memory for the rows that are mixed at a time, e.g. 512MB. What "
        "needs more is read window by window; if not given, a folder that needs more than 1 GB."
    ),
]
Models = Annotated[
    int | None, Option(min=1, help="Networks that are trained, each with other rows held out.")
]
TimeLimit = Annotated[
    float | None, Option(min=0.001, help="Seconds after which training ends with its best so far.")
]
Devices = Annotated[
    int | None,
    Option(
        min=1,
        help="Divide each batch among so many devices: GPUs where there are any, else parts of the "
        "processor. The numbers stay those of one.",
    ),
]
Quiet = Annotated[bool, Option("--quiet", "-q", help="No progress.")]
Picture = Annotated[Path | None, Option(help="A picture to write (.png, .svg).")]
