"""The command line: verbs, and errors as one line."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from rosenblatt.cli.verbs import VERBS, Verb
from rosenblatt.core.errors import RosenblattError, explain

# With this variable set an error shows where it was raised.
_TRACEBACK = "ROSENBLATT_TRACEBACK"
# What the library raises for something the user can put right.
_EXPECTED = (RosenblattError, ValueError, TypeError, OSError, ImportError, RuntimeError)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib import metadata  # slow to import

        try:
            number = metadata.version("rosenblatt")
        except metadata.PackageNotFoundError:
            number = "(run from a source folder, not installed)"
        typer.echo(f"rosenblatt {number}")
        raise typer.Exit


def _options(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _app_of(verbs: Mapping[str, Verb]) -> typer.Typer:
    made = typer.Typer(
        name="rosenblatt",
        help="Train, evaluate and use dense neural networks.",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    made.callback(invoke_without_command=True)(_options)
    for name, verb in verbs.items():
        made.command(name)(verb.run)
    return made


app = _app_of(VERBS)


def _print_any_letter() -> None:
    """Let "?" stand for a letter that the terminal's encoding lacks, as Windows' often does."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


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
    _print_any_letter()
    words = sys.argv[1:] if arguments is None else list(arguments)
    # Typer reads the signatures of all verbs that it has.
    chosen = {name: VERBS[name] for name in words[:1] if name in VERBS}
    try:
        return (_app_of(chosen) if chosen else app)(
            words, prog_name="rosenblatt", standalone_mode=False
        ) or 0
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
