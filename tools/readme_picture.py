"""Draws docs/images/at_a_glance.png, the README's picture, from figures in docs/benchmarks.md.

    python tools/readme_picture.py

Left: an epoch of training, beside the peers. Right: the mean rank on the raw tables.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
PICTURE = ROOT / "docs" / "images" / "at_a_glance.png"
EPOCH = "An epoch of `fit` on housing"
TABLES = "Raw tables"
NAMES = {
    "PyTorch eager": "PyTorch",
    "Keras on JAX, best steps_per_execution": "Keras on JAX,\ntuned steps_per_execution",
    "HistGradientBoosting": "scikit-learn's\nHistGradientBoosting",
    "LightGBM": "LightGBM, defaults",
    "LightGBM tuned": "LightGBM, tuned",
}
OURS = "rosenblatt"
INK, QUIET, BAR, OWN = "#1f2933", "#616e7c", "#c3cbd4", "#0b7285"

Bars = dict[str, float]


def section(title: str) -> str:
    """The text of a section of the page."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(f"\n## {title}\n")
    return rest.partition("\n## ")[0]


def cells(text: str) -> list[list[str]]:
    """The rows of the tables in a text."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip().strip("*") for cell in line.strip("|").split("|")] for line in lines]


def seconds_of_an_epoch() -> tuple[Bars, Bars]:
    """Seconds of an epoch on California housing, and how many times ours (medians of rounds)."""
    rows = [row for row in cells(section(EPOCH)) if row[0] == "warm"]
    seconds = {OURS: float(rows[0][2])} | {row[1]: float(row[3]) for row in rows}
    return seconds, {row[1]: float(row[5]) for row in rows}


def ranks() -> tuple[Bars, int]:
    """The mean rank among those who were run on all raw tables, and the number of tables."""
    rows = cells(section(TABLES))
    (head,) = [row for row in rows if row[:2] == ["table", "score"]]
    means = [row for row in rows if row[0].startswith("mean rank among")]
    *_, count = re.findall(r"\d+", means[-1][0])
    found = zip(head[2:], means[-1][2:], strict=False)
    return {name: float(rank) for name, rank in found if rank}, int(count)


def draw(axes: Axes, bars: Bars, ratios: Bars, title: str, below: str) -> None:
    """Horizontal bars, the best on top, with what they say: seconds where there are ratios."""
    ordered = sorted(bars.items(), key=lambda pair: pair[1])
    names = [NAMES.get(name, name) for name, _ in ordered]
    values = [value for _, value in ordered]
    colors = [OWN if name == OURS else BAR for name, _ in ordered]
    axes.barh(names, values, color=colors, height=0.62)
    axes.invert_yaxis()
    axes.set_xlim(0, max(values) * 1.22)
    room = max(values) * 0.015
    for place, (name, value) in enumerate(ordered):
        text = f"{value:.3g} s" if ratios else f"{value:.2f}"
        if name in ratios:
            text += f"  ({ratios[name]:.2g} times as long)"
        inside = bool(ratios) and value > 0.6 * max(values)
        axes.text(
            value - room if inside else value + room, place, text, va="center",
            ha="right" if inside else "left", fontsize=9.5, color=INK,
            fontweight="normal" if place else "bold",
        )  # fmt: skip
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0, labelsize=9.5, labelcolor=INK)
    axes.get_yticklabels()[0].set_fontweight("bold")
    for side in ("top", "right", "bottom", "left"):
        axes.spines[side].set_visible(False)
    axes.set_title(title, loc="left", fontsize=12.5, color=INK, fontweight="bold", pad=24)
    axes.text(0, 1.04, below, transform=axes.transAxes, fontsize=9.5, color=QUIET)


def main() -> int:
    """Write the picture."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11.5, 3.5), width_ratios=(1.15, 1))
    draw(
        left, *seconds_of_an_epoch(), "An epoch on California housing",
        "11,610 rows, three layers of 50, batches of 32; shorter is better",
    )  # fmt: skip
    found, count = ranks()
    draw(
        right, found, {}, f"{count} raw tables, no setting",
        f"mean rank on held-out rows among {len(found)}; 1 is best",
    )  # fmt: skip
    figure.tight_layout(w_pad=3)
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=150, facecolor="white")
    return 0


if __name__ == "__main__":
    sys.exit(main())
