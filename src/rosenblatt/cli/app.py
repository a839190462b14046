"""The command line: verbs, and errors as one line."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import metadata
from typing import Annotated

import typer

from rosenblatt.cli import commands, files, leaderboard, reports, runs, training, tuning
from rosenblatt.core.errors import RosenblattError, explain

# With this variable set an error shows where it was raised.
_TRACEBACK = "ROSENBLATT_TRACEBACK"
# What the library raises for something the user can put right.
_EXPECTED = (RosenblattError, ValueError, TypeError, OSError, ImportError, RuntimeError)

app = typer.Typer(
    name="rosenblatt",
    help="Train, evaluate and use dense neural networks.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for verb in (
    training.train,
    commands.evaluate,
    commands.predict,
    commands.summary,
    reports.report,
    leaderboard.leaderboard,
    commands.find_lr,
    tuning.tune,
    files.inspect,
    files.convert,
    runs.tensorboard,
    runs.curves,
):
    app.command()(verb)
app.command("trials")(tuning.show)


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
