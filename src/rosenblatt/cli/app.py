"""The command line: verbs, and errors as one line."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from rosenblatt.cli.verbs import RAY_FOUND, VERBS, Verb
from rosenblatt.core.errors import BadArgument, RosenblattError, explain
from rosenblatt.core.faces import on_use

if TYPE_CHECKING:
    from rosenblatt.cli import environment
    from rosenblatt.core import versions
else:
    environment = on_use("rosenblatt.cli.environment")
    versions = on_use("rosenblatt.core.versions")

# With this variable set an error shows where it was raised.
_TRACEBACK = "ROSENBLATT_TRACEBACK"
# What the library raises for something the user can put right.
_EXPECTED = (RosenblattError, ValueError, TypeError, OSError, ImportError, RuntimeError)


def _options(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version; with --all, what a report needs."),
    ] = False,
    everything: Annotated[
        bool,
        typer.Option(
            "--all", help="With --version: of the machine and all packages too, for reports."
        ),
    ] = False,
) -> None:
    if version and everything:
        typer.echo(environment.report())
    elif version:
        typer.echo(f"rosenblatt {versions.own_version()}")
    elif everything:
        raise BadArgument("--all belongs to --version.", fix="rosenblatt --version --all")
    if version:
        raise typer.Exit
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


def _with_address(words: Sequence[str]) -> list[str]:
    """Fill in the address of `launch --ray`: Typer has no options whose value may be left out.

    >>> _with_address(["launch", "--ray", "--", "train", "--ray"])
    ['launch', '--ray', 'auto', '--', 'train', '--ray']
    """
    own = words[: words.index("--")] if "--" in words else words
    if words[:1] != ["launch"] or "--ray" not in own:
        return [*words]
    after = own.index("--ray") + 1
    lacks = after == len(own) or own[after].startswith("-")
    return [*words[:after], *([RAY_FOUND] if lacks else []), *words[after:]]


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
    words = _with_address(sys.argv[1:] if arguments is None else list(arguments))
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
