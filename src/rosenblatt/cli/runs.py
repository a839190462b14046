"""`rosenblatt tensorboard` and `rosenblatt curves`: looking at runs."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from rosenblatt import plots
from rosenblatt.core.errors import BadArgument, FileRefused, explain
from rosenblatt.tensorboard import reading, server

_BARS = "▁▂▃▄▅▆▇█"
_WIDTH = 30
# A run's name to steps and values.
Curves = dict[str, tuple[list[float], list[float]]]


def tensorboard(logdir: Path, port: int, host: str) -> None:
    """Start TensorBoard on a folder of runs; Ctrl-C ends it."""
    if not logdir.is_dir():
        raise FileNotFoundError(explain("No such folder.", given=str(logdir)))
    with server.start(logdir, port=port, host=host) as running:
        try:
            running.wait()
        except KeyboardInterrupt:
            print()


def curves(run: list[Path], name: list[str] | None, out: Path | None) -> None:
    """Draw the curves of runs against each other, as text and as a picture."""
    found: dict[str, Curves] = {}
    for folder in dict.fromkeys(run):
        for tag, label, step, value in _points(folder):
            if not name or tag in name:
                steps, values = found.setdefault(tag, {}).setdefault(label, ([], []))
                steps.append(step)
                values.append(value)
    if not found:
        raise BadArgument(
            "curves: nothing to draw.", given=", ".join(name or []) or [str(r) for r in run]
        )
    _print(found)
    if out is not None:
        _draw(found, out)
        print(f"Saved {out}")


def _points(run: Path) -> Iterator[tuple[str, str, float, float]]:
    """Tag, label, step and value: of `rosenblatt train`'s folder, or of event files."""
    history = run / "history.csv"
    if not history.is_file():
        for name, tag, step, _, value in reading.scalars(run):
            label = str(run) if name == "." else f"{run}/{name}"
            yield tag.removeprefix("epoch_"), label, float(step), float(value)
        return
    try:
        with history.open(encoding="utf-8") as file:
            for number, row in enumerate(csv.DictReader(file)):
                at = float(row.get("epoch", number))
                for column, cell in row.items():
                    if column != "epoch" and cell:
                        part = "validation" if column.startswith("val_") else "train"
                        yield column.removeprefix("val_"), f"{run}/{part}", at, float(cell)
    except (ValueError, TypeError, AttributeError, csv.Error) as error:
        raise FileRefused(
            f"{history}: damaged.",
            given=error,
            expected="a header, and a number for each name in it on each line",
        ) from error


def _print(found: dict[str, Curves]) -> None:
    for tag, runs in found.items():
        table = Table(title=tag, title_justify="left")
        table.add_column("run", overflow="fold")
        for column in ("first", "lowest", "highest", "last"):
            table.add_column(column, justify="right")
        table.add_column("curve")
        values = np.concatenate([points[1] for points in runs.values()])
        values = values[np.isfinite(values)]
        low, high = (values.min(), values.max()) if values.size else (0.0, 0.0)
        for label, (_, points) in runs.items():
            figures = (points[0], min(points), max(points), points[-1])
            cells = [f"{figure:.4g}" for figure in figures]
            table.add_row(label, *cells, sparkline(points, low, high))
        Console().print(table)


def sparkline(values: Sequence[float], low: float, high: float) -> str:
    """Values as bars of text, at most 30, between a lowest and a highest one.

    >>> sparkline([0, 1, 2, 3.5], 0, 3.5)
    '▁▃▅█'
    """
    points = np.asarray(values, "float64")
    if len(points) > _WIDTH:
        points = points[np.linspace(0, len(points) - 1, _WIDTH).round().astype(int)]
    span = (high - low) or 1.0
    heights = np.clip((points - low) / span, 0, 1) * (len(_BARS) - 1)
    return "".join(_BARS[round(h)] if np.isfinite(h) else "·" for h in heights)


def _draw(found: dict[str, Curves], out: Path) -> None:
    axes = plots.figures.new_axes(8, 4 * len(found), len(found), 1)[:, 0]
    for ax, (tag, runs) in zip(axes, found.items(), strict=True):
        for label, (steps, values) in runs.items():
            ax.plot(steps, values, marker="o" if len(values) == 1 else None, label=label)
        ax.set(ylabel=tag, xlabel="Epoch or step")
        ax.grid(visible=True, alpha=0.3)
        ax.legend()
    plots.save_figure(axes[0], out)
