"""The command line: verbs, options, and errors as one line."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from rosenblatt.cli import commands, files, runs, tuning
from rosenblatt.cli.problems import BUILTIN
from rosenblatt.core.errors import explain

_NAMES = ", ".join(BUILTIN)
# With this variable set an error shows where it was raised.
_TRACEBACK = "ROSENBLATT_TRACEBACK"
# What the library raises for something the user can put right.
_EXPECTED = (ValueError, TypeError, OSError, ImportError, RuntimeError)

app = typer.Typer(
    name="rosenblatt",
    help="Train, evaluate and use dense neural networks.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Model = Annotated[
    Path, typer.Argument(help="A .keras file, or the --out folder of `rosenblatt train`.")
]
Data = Annotated[str, typer.Argument(help=f"A CSV or Parquet file, or one of {_NAMES}.")]
Patience = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="Epochs without a better validation loss that end training; 0 for none. Unless "
        "given: 10 for a file, none for built-in data (tune: 5). The best epoch is kept anyway.",
    ),
]
Target = Annotated[str | None, typer.Option(help="The column to predict, for a file.")]


def _show_version(wanted: bool) -> None:
    if wanted:
        try:
            number = metadata.version("rosenblatt")
        except metadata.PackageNotFoundError:
            number = "(run from a source folder, not installed)"
        typer.echo(f"rosenblatt {number}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _options(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def train(
    data: Data,
    out: Annotated[Path, typer.Option(help="The folder for the results; made if need be.")],
    target: Target = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the data.")] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Rows in a training step.")] = 32,
    learning_rate: Annotated[float | None, typer.Option(help="Size of a step.")] = None,
    hidden: Annotated[
        str | None, typer.Option(help="Units of the hidden layers, e.g. 50,50,50.")
    ] = None,
    patience: Patience = None,
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="Seed of weights, shuffles and splits.")
    ] = 42,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Train a network; write the model of its best epoch, history, curves and metrics."""
    commands.train(
        data,
        out,
        target=target,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        hidden=hidden,
        patience=patience,
        seed=seed,
        quiet=quiet,
    )


@app.command()
def evaluate(model: Model, data: Data, target: Target = None) -> None:
    """Print a model's loss and metrics on a file, or on the test part of a built-in data set."""
    commands.evaluate(model, data, target=target)


@app.command()
def predict(
    model: Model,
    data: Data,
    out: Annotated[
        Path | None, typer.Option(help="The CSV file to write; printed if not given.")
    ] = None,
) -> None:
    """Write a model's predictions for a file, or for the test part of a built-in data set."""
    commands.predict(model, data, out=out)


@app.command()
def summary(
    model: Model,
    diagram: Annotated[bool, typer.Option("--diagram", help="Draw how layers are joined.")] = False,
) -> None:
    """Print a model's layers and parameters."""
    commands.summary(model, diagram=diagram)


@app.command()
def find_lr(
    data: Data,
    target: Target = None,
    hidden: Annotated[
        str | None, typer.Option(help="Units of the hidden layers; as in `train` if not given.")
    ] = None,
    optimizer: Annotated[
        str | None, typer.Option(help="adam or sgd; as in `train` if not given.")
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Rows in a training step.")] = 32,
    out: Annotated[Path | None, typer.Option(help="A picture to write (.png, .svg).")] = None,
) -> None:
    """Find a learning rate: train for 500 steps while it grows, and read it off the losses."""
    commands.find_lr(
        data, target=target, hidden=hidden, optimizer=optimizer, batch_size=batch_size, out=out
    )


@app.command()
def tune(
    data: Data,
    out: Annotated[Path, typer.Option(help="The folder for the results; a search there goes on.")],
    target: Target = None,
    trials: Annotated[int, typer.Option(min=1, help="Networks to try.")] = 20,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the data.")] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Rows in a training step.")] = 32,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Trials side by side; one for each core if not given.")
    ] = None,
    max_seconds: Annotated[
        float | None, typer.Option(min=0, help="No trial begins after this time.")
    ] = None,
    patience: Patience = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of everything.")] = 42,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Search for the best network; write it, its figures and all trials into a folder."""
    tuning.tune(
        data,
        out,
        target=target,
        trials=trials,
        epochs=epochs,
        batch_size=batch_size,
        workers=workers,
        max_seconds=max_seconds,
        patience=patience,
        seed=seed,
        quiet=quiet,
    )


@app.command()
def trials(
    folder: Annotated[Path, typer.Argument(help="Of `rosenblatt tune`, or of a tuner's project.")],
    most: Annotated[int, typer.Option(min=1, help="How many to show.")] = 10,
    out: Annotated[Path | None, typer.Option(help="A CSV file for all of them.")] = None,
) -> None:
    """Show the trials of a search, best first, also while it runs."""
    tuning.show(folder, most=most, out=out)


@app.command()
def inspect(
    file: Annotated[Path, typer.Argument(help="A .keras, .h5, .weights.h5 or .npz file.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Tell what is in a file, and whether it is safe, without building or running any of it."""
    files.inspect(file, as_json=as_json)


@app.command()
def convert(
    source: Annotated[Path, typer.Argument(help="A .keras or .h5 file.")],
    target: Annotated[
        Path, typer.Argument(help=f"A file that ends in {', '.join(files.ENDINGS)}.")
    ],
    format: Annotated[
        str | None, typer.Option(help="Where the ending does not say: e.g. tf_saved_model.")
    ] = None,
) -> None:
    """Write a model in another format."""
    files.convert(source, target, format=format)


@app.command()
def tensorboard(
    logdir: Annotated[Path, typer.Argument(help="A folder of runs.")],
    port: Annotated[int, typer.Option(help="Where it listens; 0 for a free port.")] = 6006,
    host: Annotated[str, typer.Option(help="The address it listens at.")] = "localhost",
) -> None:
    """Start TensorBoard on a folder of runs; Ctrl-C ends it."""
    runs.tensorboard(logdir, port=port, host=host)


@app.command()
def curves(
    run: Annotated[
        list[Path], typer.Argument(help="Folders of TensorBoard's, or of `rosenblatt train`.")
    ],
    name: Annotated[
        list[str] | None, typer.Option(help="A curve to draw, e.g. loss; all if not given.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A picture to write (.png, .svg).")] = None,
) -> None:
    """Draw the curves of runs against each other, as text and as a picture."""
    runs.curves(run, names=name or [], out=out)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: what stands after `rosenblatt`; the process's own arguments if None.

    Returns:
        The exit code: 0, or 2 after an error, which is one line on standard error
        (a traceback with the environment variable ROSENBLATT_TRACEBACK set).

    >>> main(["--version"])
    rosenblatt ...
    0
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        return app(words, prog_name="rosenblatt", standalone_mode=False) or 0
    except Exception as error:
        if os.environ.get(_TRACEBACK):
            raise
        told = error.format_message() if isinstance(error, typer.TyperException) else str(error)
        if not isinstance(error, (typer.TyperException, *_EXPECTED)):
            told = explain(
                "an error that should not be.",
                given=f"{type(error).__name__}: {error}",
                fix=f"please report it, with what `{_TRACEBACK}=1` shows.",
            )
        message = " ".join(told.split()) or type(error).__name__
        print(f"rosenblatt: {message}", file=sys.stderr)
        return 2
