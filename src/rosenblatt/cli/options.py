"""Arguments and options that several verbs take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from rosenblatt.cli.problems import BUILTIN

Model = Annotated[Path, Argument(help="A .keras file, or the --out folder of `rosenblatt train`.")]
Data = Annotated[str, Argument(help=f"A table (CSV, Parquet, …; - for a pipe), or one of {', '.join(BUILTIN)}.")]
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
Quiet = Annotated[bool, Option("--quiet", "-q", help="No progress.")]
Picture = Annotated[Path | None, Option(help="A picture to write (.png, .svg).")]
