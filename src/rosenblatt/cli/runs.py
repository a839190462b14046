"""`rosenblatt tensorboard` and `rosenblatt curves`: looking at runs."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from rosenblatt import plots
from rosenblatt.core.errors import explain
from rosenblatt.tensorboard import reading, server

_BARS = "▁▂▃▄▅▆▇█"
_WIDTH = 30
# A run's name to steps and values.
Curves = dict[str, tuple[list[float], list[float]]]


def tensorboard(logdir: Path, *, port: int, host: str) -> None:
    """Start TensorBoard, and wait until it is stopped."""
    if not logdir.is_dir():
        raise FileNotFoundError(explain("No such folder.", given=str(logdir)))
    with server.start(logdir, port=port, host=host) as running:
        try:
            running.wait()
        except KeyboardInterrupt:
            print()


def curves(runs: Sequence[Path], *, names: Sequence[str], out: Path | None) -> None:
    """Draw the curves of runs against each other, as text and, with `out`, as a picture."""
    found: dict[str, Curves] = {}
    for run in runs:
        for tag, label, steps, values in _read(run):
            if not names or tag in names:
                found.setdefault(tag, {})[label] = (steps, values)
    if not found:
        raise ValueError(
            explain("curves: nothing to draw.", given=", ".join(names) or [str(r) for r in runs])
        )
    _print(found)
    if out is not None:
        _draw(found, out)
        print(f"Saved {out}")


def _read(run: Path) -> list[tuple[str, str, list[float], list[float]]]:
    """Tag, label, steps and values: of `rosenblatt train`'s folder, or of event files."""
    history = run / "history.csv"
    curves: dict[tuple[str, str], tuple[list[float], list[float]]] = {}
    if history.is_file():
        with history.open(encoding="utf-8") as file:
            try:
                for number, row in enumerate(csv.DictReader(file)):
                    for name, value in row.items():
                        if name != "epoch" and value:
                            tag = name.removeprefix("val_")
                            part = "validation" if name.startswith("val_") else "train"
                            step = float(row.get("epoch", number))
                            _add(curves, tag, f"{run}/{part}", step, value)
            except (ValueError, TypeError, AttributeError, csv.Error) as error:
                raise ValueError(
                    explain(
                        f"{history}: damaged.",
                        given=error,
                        expected="a header, and a number for each name in it on each line",
                    )
                ) from error
    else:
        for name, tag, step, _, value in reading.scalars(run):
            label = str(run) if name == "." else f"{run}/{name}"
            _add(curves, tag.removeprefix("epoch_"), label, step, value)
    return [(tag, label, *points) for (tag, label), points in curves.items()]


def _add(curves: dict, tag: str, label: str, step: float, value: float | str) -> None:
    steps, values = curves.setdefault((tag, label), ([], []))
    steps.append(step)
    values.append(float(value))


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
