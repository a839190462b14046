"""`rosenblatt train` on a raw table: the model, its report and its figures in a folder."""

from __future__ import annotations

import csv
import math
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rosenblatt.cli import folder_data, results
from rosenblatt.cli.table_data import TableParts, Wanted, open_parts
from rosenblatt.core.errors import BadData
from rosenblatt.core.files import replacing
from rosenblatt.plots.figures import new_axes, save_figure
from rosenblatt.tables.table import NumberColumn
from rosenblatt.tabular.estimators import TabularModel
from rosenblatt.tabular.report import Report
from rosenblatt.tabular.report_text import scores_text

BACKUP = "unfinished"
REPORT = "report.html"
_MOST_LEFT_OUT = 10


def train_table(
    wanted: Wanted,
    out: Path,
    parameters: Mapping[str, Any],
    *,
    quiet: bool = False,
    verbose: bool = False,
) -> None:
    """Train on a raw table, and write what came of it into a folder.

    Args:
        wanted: the table and what is to be learnt from it.
        out: the folder. What was cut off there resumes.
        parameters: values of the estimator other than its defaults.
        quiet: show no progress.
        verbose: say of each column what it holds.
    """
    parts = folder_data.open_folder(wanted) or open_parts(wanted)
    results.make_folder(out)
    print("\n".join(headlines(parts, verbose)))
    model = parts.estimator(verbose=0 if quiet else 1, **parameters)
    backup = out / BACKUP
    if backup.is_dir() and not quiet:
        print(f"{backup} holds a training that was cut off: it goes on if nothing else is asked.")
    begun = time.perf_counter()
    try:
        parts.fit(model, backup)
    except KeyboardInterrupt as stopped:
        raise BadData(
            "Stopped before there was a model: nothing was written.",
            fix="the same command goes on from here.",
        ) from stopped
    seconds = time.perf_counter() - begun
    report = tried(model, parts)
    model.facts_ = report.facts
    if len(model.best_epochs_) >= int(report.facts.recipe["models"] or 0):
        shutil.rmtree(backup, ignore_errors=True)
    else:
        print("Stopped early; the best so far is kept. The same command goes on from here.")
    print(f"Trained in {seconds:.1f} s.")
    print("\n".join(scores_text(report.facts)))
    write_run(out, model, report, {**parameters, "seconds": round(seconds, 3)})


def headlines(parts: TableParts, verbose: bool = False) -> Iterator[str]:
    """What is learnt from what, as lines: of columns, of the task, of the rows; and warnings.

    Args:
        parts: the table.
        verbose: say of each column what it holds.
    """
    table, schema = parts.table, parts.schema
    train, test = parts.rows
    yield f"{table.source}: {train:,}/{test:,} rows to train/test"
    for note in table.notes:
        yield f"  {note}"
    counts = Counter(kind.kind for kind in schema.read.values())
    kinds = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    yield f"Columns that are read: {len(schema.read)} ({kinds})"
    if verbose:
        yield from (f"  {line}" for line in schema.described())
    else:
        left_out = [*schema.left_out.items()]
        for name, kind in left_out[:_MOST_LEFT_OUT]:
            yield f"  left out: {name}, {kind.kind}: {kind.reason}"
        if len(left_out) > _MOST_LEFT_OUT:
            yield f"  and {len(left_out) - _MOST_LEFT_OUT} more (--verbose names them)"
    yield from _task_lines(parts)
    # Ids are said already, with what is left out.
    yield from (f"Warning: {found.text}" for found in parts.warnings if found.code != "id")


def _task_lines(parts: TableParts) -> Iterator[str]:
    task = parts.task
    what = "a quantity" if task.is_quantity else task.kind
    other = "class" if task.is_quantity else "quantity"
    column = parts.table[parts.target]
    unsure = isinstance(column, NumberColumn) and bool((column.values % 1 == 0).all())
    overrule = f" (--task {other} overrules it)" if unsure and not parts.wanted.task else ""
    yield f"To predict: {parts.target!r}, {what}: {task.reason}{overrule}"
    if not task.is_quantity:
        counts = parts.class_rows
        few = list(enumerate(task.classes))[:20]
        more = f" and {len(task.classes) - 20} more" if len(task.classes) > 20 else ""
        yield "  rows: " + ", ".join(f"{label} {counts[i]:,}" for i, label in few) + more


def tried(model: TabularModel, parts: TableParts) -> Report:
    """The report of a model, with scores on the test rows and the warnings about all rows.

    Args:
        model: trained on the training rows.
        parts: the table.
    """
    report = model.report(parts.table.take(parts.test), sample_weight=parts.wanted.weights)
    facts = report.facts
    split = f"{parts.test_share} for the test, {parts.wanted.split}; the others: {facts.split}"
    return Report(
        replace(
            facts,
            warnings=tuple(finding.text for finding in parts.warnings),
            task_reason=parts.task.reason,
            split=split,
        )
    )


def write_run(out: Path, model: TabularModel, report: Report, options: Mapping[str, Any]) -> None:
    """Write the folder of a run: model, report, figures, curves.

    Args:
        out: the folder, which is there.
        model: trained; its file holds the report too.
        report: with scores on test rows.
        options: what else metrics.json is to say.
    """
    model.save(out / results.MODEL)
    report.to_html(out / REPORT)
    _write_history(out / results.HISTORY, model.history_)
    written = {
        results.MODEL: "the model, with all that reading a raw table needs",
        REPORT: "data, warnings, scores and what the model needs, for a browser",
        results.METRICS: "the same figures as JSON",
        results.HISTORY: "losses of every epoch",
    }
    if find_spec("matplotlib") is not None:
        _draw(out / results.CURVES, model)
        written[results.CURVES] = "the same as a picture"
    facts = report.facts
    results.write_facts(
        out,
        {
            "data": facts.source,
            "task": facts.task,
            "target": facts.target,
            "features": list(model.predictor_.encoder.names),
            "classes": None if facts.task == "quantity" else list(model.predictor_.task.classes),
            **options,
            "test": {name: score.value for name, score in facts.scores.items()},
            "report": facts.to_config(),
        },
    )
    print(f"Written to {out}{'' if str(out).endswith('/') else '/'}:")
    for name, what in written.items():
        print(f"  {out / name}  {what}")
    if sys.stdout.isatty():
        print(f"Next: rosenblatt predict {out} new.csv --out predictions.csv")


def _write_history(path: Path, curves: list[dict[str, list[float]]]) -> None:
    """Losses by epoch, a pair of columns for each network; no value where none was measured."""
    names = [f"{name}_{i + 1}" for i in range(len(curves)) for name in ("loss", "val_loss")]
    columns = [one[name] for one in curves for name in ("loss", "val_loss")]
    with replacing(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["epoch", *names])
        for epoch in range(max((len(column) for column in columns), default=0)):
            values = [column[epoch] if epoch < len(column) else math.nan for column in columns]
            writer.writerow([epoch + 1, *("" if math.isnan(v) else v for v in values)])


def _draw(path: Path, model: TabularModel) -> None:
    """Validation losses of all networks by epoch, with the best ones marked."""
    axes = new_axes(8, 5)[0, 0]
    for number, (curve, best) in enumerate(zip(model.history_, model.best_epochs_, strict=True)):
        points = [(i + 1, loss) for i, loss in enumerate(curve["val_loss"]) if not math.isnan(loss)]
        axes.plot(*zip(*points, strict=True), label=f"network {number + 1}") if points else None
        if best >= 0:
            axes.plot(best + 1, curve["val_loss"][best], "o", color=f"C{number}")
    axes.set(xlabel="Epoch", ylabel="Validation loss (dots: the epochs that were kept)")
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    save_figure(axes, path)
