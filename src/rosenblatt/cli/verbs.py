"""The verbs: their arguments and options. What a verb does is imported when it runs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NamedTuple, ParamSpec

from typer import Argument, Option

from rosenblatt.cli.options import (
    ENDINGS,
    BatchSize,
    Data,
    Devices,
    Drop,
    Epochs,
    Model,
    Models,
    NoTabular,
    Patience,
    Picture,
    Quiet,
    Seed,
    Split,
    Target,
    TaskName,
    TimeLimit,
    Types,
    Weights,
    Window,
)
from rosenblatt.core.faces import on_use

P = ParamSpec("P")


class Verb(NamedTuple):
    """A verb of the command line.

    Attributes:
        run: takes its arguments, and calls what does it.
        module, function: of `rosenblatt.cli`: what does it.
    """

    run: Callable[..., None]
    module: str
    function: str


# By name, in the order in which help lists them.
VERBS: dict[str, Verb] = {}
PORT = 8476  # of several processes; JAX's own
STUCK_AFTER = 1800.0  # seconds; a step of the largest models takes some
RAY_FOUND = "auto"  # what `--ray` without an address stands for


def done_by(
    module: str, function: str | None = None
) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Enter a verb: a signature and a line of help, and the function that does it.

    Args:
        module: the one of `rosenblatt.cli` that holds the function.
        function: its name; the verb's own if None. It is given the verb's arguments by their names.
    """

    def enter(declared: Callable[P, None]) -> Callable[P, None]:
        name = function or declared.__name__

        @functools.wraps(declared)
        def run(*args: P.args, **kwargs: P.kwargs) -> None:
            getattr(on_use(f"rosenblatt.cli.{module}"), name)(*args, **kwargs)

        VERBS[declared.__name__.replace("_", "-")] = Verb(run, module, name)
        return run

    return enter


@done_by("training")
def train(
    data: Data,
    out: Annotated[Path, Option(help="The folder for the results; made if need be.")],
    target: Target = None,
    time_limit: TimeLimit = None,
    types: Types = None,
    drop: Drop = None,
    split: Split = None,
    task: TaskName = None,
    weights: Weights = None,
    window: Window = None,
    models: Models = None,
    epochs: Epochs = None,
    batch_size: Annotated[int | None, Option(min=1, help="Rows in a training step.")] = None,
    learning_rate: Annotated[float | None, Option(help="Size of a step.")] = None,
    no_tabular: NoTabular = False,
    hidden: Annotated[
        str | None,
        Option(help="Units of the plain network's hidden layers, e.g. 50,50,50."),
    ] = None,
    patience: Patience = None,
    devices: Devices = None,
    seed: Seed = 42,
    quiet: Quiet = False,
    verbose: Annotated[bool, Option("--verbose", help="Say of each column what it holds.")] = False,
) -> None:
    """Train on a raw table, or on built-in data; write model, figures, curves and a report."""


@done_by("commands")
def evaluate(model: Model, data: Data, target: Target = None) -> None:
    """Print a model's loss and metrics on a file, or on the test part of a built-in data set."""


@done_by("commands")
def predict(
    model: Model,
    data: Data,
    out: Annotated[
        Path | None,
        Option(
            help="The file to write: .csv, .parquet, .json or .jsonl; printed if not given, or -. "
            "For a folder of Parquet files: a folder, which gets a file for each."
        ),
    ] = None,
    keep: Annotated[
        list[str] | None, Option(help="Columns of a folder's files to write too, e.g. id.")
    ] = None,
    interval: Annotated[
        float | None,
        Option(help="Intervals around quantities that hold them with this probability, e.g. 0.9."),
    ] = None,
    explain: Annotated[
        int, Option(min=0, help="Columns that say why, with what each adds to the prediction.")
    ] = 0,
    threshold: Annotated[
        float | None,
        Option(min=0, max=1, help="Of two classes: the probability that makes the second one."),
    ] = None,
) -> None:
    """Write a model's predictions for a file, or for the test part of a built-in data set."""


@done_by("commands")
def summary(
    model: Model,
    diagram: Annotated[bool, Option("--diagram", help="Draw how layers are joined.")] = False,
) -> None:
    """Print a model's layers and parameters."""


@done_by("reports")
def report(
    model: Model,
    html: Annotated[Path | None, Option(help="A page to write, for a browser.")] = None,
    json: Annotated[bool, Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Show what is known about a model of a raw table: its data, scores and what it needs."""


@done_by("leaderboard")
def leaderboard(
    data: Data,
    target: Target = None,
    types: Types = None,
    drop: Drop = None,
    split: Split = None,
    task: TaskName = None,
    models: Models = None,
    epochs: Epochs = None,
    time_limit: TimeLimit = None,
    seed: Seed = 42,
    out: Annotated[Path | None, Option(help="A file for the table: .csv, .parquet, .json.")] = None,
) -> None:
    """Compare models for a raw table on one test part: linear ones, trees, networks, ours."""


@done_by("commands")
def find_lr(
    data: Data,
    target: Target = None,
    hidden: Annotated[
        str | None, Option(help="Units of the hidden layers; as in `train` if not given.")
    ] = None,
    optimizer: Annotated[
        str | None, Option(help="adam or sgd; as in `train` if not given.")
    ] = None,
    batch_size: BatchSize = 32,
    out: Picture = None,
) -> None:
    """Find a learning rate: train for 500 steps while it grows, and read it off the losses."""


@done_by("tuning")
def tune(
    data: Data,
    out: Annotated[Path, Option(help="The folder for the results; a search there resumes.")],
    target: Target = None,
    trials: Annotated[int, Option(min=1, help="Networks to try.")] = 20,
    epochs: Epochs = None,
    batch_size: Annotated[int | None, Option(min=1, help="Rows in a training step.")] = None,
    workers: Annotated[
        int | None, Option(min=1, help="Trials side by side; one for each core if not given.")
    ] = None,
    max_seconds: Annotated[
        float | None, Option(min=0, help="No trial begins after this time.")
    ] = None,
    types: Types = None,
    drop: Drop = None,
    split: Split = None,
    task: TaskName = None,
    weights: Weights = None,
    models: Models = None,
    time_limit: TimeLimit = None,
    no_tabular: NoTabular = False,
    patience: Patience = None,
    seed: Annotated[int, Option(min=0, max=2**32 - 1, help="Seed of everything.")] = 42,
    quiet: Quiet = False,
) -> None:
    """Search for the best network; write it, its figures and all trials into a folder."""


@done_by("serving")
def serve(
    model: Model,
    port: Annotated[
        int, Option(min=0, max=65535, help="Where it listens; 0 for a free port.")
    ] = 8000,
    host: Annotated[
        str, Option(help="The address it listens at; others than this machine reach 0.0.0.0.")
    ] = "127.0.0.1",
    max_bytes: Annotated[int, Option(min=1, help="Of the body of a request.")] = 16 << 20,
    max_rows: Annotated[int, Option(min=1, help="Of a request.")] = 100_000,
    max_seconds: Annotated[
        float, Option(min=0.001, help="From the start of a request to its answer.")
    ] = 30.0,
    max_waiting: Annotated[int, Option(min=1, help="Requests that are there at a time.")] = 256,
) -> None:
    """Serve a model over HTTP, with JSON, CSV and a page to try it; Ctrl-C ends it."""


@done_by("files")
def inspect(
    file: Annotated[Path, Argument(help="A .keras, .h5, .weights.h5 or .npz file.")],
    as_json: Annotated[bool, Option("--json", help="As JSON.")] = False,
) -> None:
    """Tell what is in a file, and whether it is safe, without building or running any of it."""


@done_by("files")
def convert(
    source: Annotated[Path, Argument(help="A .keras or .h5 file.")],
    target: Annotated[Path, Argument(help=f"A file that ends in {', '.join(ENDINGS)}.")],
    format: Annotated[
        str | None, Option(help="Where the ending does not say: e.g. tf_saved_model.")
    ] = None,
) -> None:
    """Write a model in another format."""


@done_by("runs")
def tensorboard(
    logdir: Annotated[Path, Argument(help="A folder of runs.")],
    port: Annotated[int, Option(help="Where it listens; 0 for a free port.")] = 6006,
    host: Annotated[str, Option(help="The address it listens at.")] = "localhost",
) -> None:
    """Start TensorBoard on a folder of runs; Ctrl-C ends it."""


@done_by("runs")
def curves(
    run: Annotated[
        list[Path], Argument(help="Folders of TensorBoard's, or of `rosenblatt train`.")
    ],
    name: Annotated[
        list[str] | None, Option(help="A curve to draw, e.g. loss; all if not given.")
    ] = None,
    out: Picture = None,
) -> None:
    """Draw the curves of runs against each other, as text and as a picture."""


@done_by("tuning", "show")
def trials(
    folder: Annotated[Path, Argument(help="Of `rosenblatt tune`, or of a tuner's project.")],
    most: Annotated[int, Option(min=1, help="How many to show.")] = 10,
    out: Annotated[Path | None, Option(help="A CSV file for all of them.")] = None,
) -> None:
    """Show the trials of a search, best first, also while it runs."""


@done_by("launching", "launch_verb")
def launch(
    command: Annotated[
        list[str],
        Argument(help="After --: a verb and its arguments, or a program: `python script.py`."),
    ],
    processes: Annotated[
        int, Option(min=1, help="How many: on each machine; with --ray, in all.")
    ] = 2,
    restarts: Annotated[
        int, Option(min=0, help="How often all are started again where one is lost.")
    ] = 0,
    hosts: Annotated[
        str | None,
        Option(help="All machines, as a,b: call it on each. The first process is on the first."),
    ] = None,
    port: Annotated[
        int, Option(min=1, max=65535, help="Of the first machine, for the others.")
    ] = PORT,
    ray: Annotated[
        str | None,
        Option(
            metavar="[ADDRESS]",
            help="Run on a Ray cluster: the one at this address; without one, the cluster that is "
            "running, else a new one on this machine.",
        ),
    ] = None,
    gpus: Annotated[int, Option(min=0, help="GPUs for each process, with --ray.")] = 0,
    stuck_after: Annotated[
        float,
        Option(min=0.0, help="Seconds without a step until a process is stuck; 0: never."),
    ] = STUCK_AFTER,
) -> None:
    """Train one model in several processes, which start again from its backup where one is lost."""
