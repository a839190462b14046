"""The records as tables of Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable

from bench.harness import Result, Table
from bench.tables.boosting import PATIENCE, ROUNDS
from bench.tables.comparing import Results, duel
from bench.tables.models import MODELS, OURS
from bench.tables.records import Record
from bench.tables.tuning import CPU_SECONDS, TRIALS

TITLE = "Raw tables"
# Least share of tables on which we are better, and least median difference; of the first model.
_TARGETS = {"lightgbm": (0.8, None), "lightgbm_tuned": (0.6, 0.01)}
_WORST = {"lightgbm": -0.05}
_COVERAGE, _OFF = 0.9, 0.02
_NAMES = {"reg": "RMSE", "bin": "AUC", "multi": "log-loss"}


def report(records: Iterable[Record]) -> Result:
    """Scores and ranks, ours against each peer, times, intervals and calibration.

    Raises:
        ValueError: there is no record with scores.
    """
    results = Results(records)
    models = [model for model in MODELS if results.of_model(model)]
    if not models:
        raise ValueError("no fit has scores yet")
    tables = [_scores(results, models)]
    tables += [_duels(results, ours, models) for ours in OURS if ours in models]
    tables += [_costs(results, models)]
    tables += [found for ours in OURS if ours in models and (found := _honesty(results, ours))]
    return Result(TITLE, _notes(results, models), tables=tables)


def _notes(results: Results, models: list[str]) -> list[str]:
    fits = [one for model in models for one in results.of_model(model)]
    seeds = sorted({one.seed for one in fits})
    loaded = sum(one.loaded for one in fits)
    versions = (
        f"{MODELS[model].title} {', '.join(found)}"
        for model in models
        if (found := sorted({one.version for one in results.of_model(model)}))
    )
    cut = [one for model in MODELS for one in results.cut(model)]
    notes = [
        "Raw tables with a fixed split (64 % training, 16 % validation, 20 % test rows); each fit "
        "in a process of its own on two cores. Ours get the raw frame and no setting: training and "
        "validation rows together, of which they hold back what they need, and once the validation "
        "rows as such. The peers get numbers, native categories and dates taken apart, "
        f"and stop early on the validation rows: boosting after at most {ROUNDS:,} rounds and "
        f"{PATIENCE} without a better loss (HistGradientBoosting 10, its default), else with "
        f"defaults; tuned: the defaults and Optuna's TPE, {TRIALS} fits in all, none begun after "
        f"{CPU_SECONDS:.0f} CPU seconds, the best on the validation rows by log-loss or RMSE.",
        f"Test rows, means over seeds (of {', '.join(map(str, seeds))}; brackets: fewer than "
        f"{len(seeds)}). {len(fits):,} fits, {loaded:,} of them while others used the machine: "
        "their times are left out. Memory is the whole process's, the frame and its reading too.",
        f"{'; '.join(versions)}.",
    ]
    if cut:
        named = "; ".join(f"{one.table} {MODELS[one.model].title} seed {one.seed}" for one in cut)
        notes.append(f"Without scores, too long or failed: {named}.")
    return notes


def _scores(results: Results, models: list[str]) -> Table:
    most = max(len(results.of(t, m)) for t in results.tables for m in models)
    rows = []
    for table in results.tables:
        ranks = results.ranks(table, models)
        row = [table, _NAMES[results.task(table)]]
        for model in models:
            score = results.score(table, model)
            if score is None:
                row.append("")
                continue
            text = f"{_number(score)} ({ranks[model]:g})"
            text = f"**{text}**" if ranks[model] == 1 else text
            seeds = len(results.of(table, model))
            row.append(text if seeds == most else f"{text} [{seeds}]")
        rows.append(row)
    known = {m: sum(bool(results.of(table, m)) for table in results.tables) for m in models}
    # All models on the few tables that all have, then fewer models on more tables.
    for least in sorted(set(known.values())):
        group = [m for m in models if known[m] >= least]
        ranks, count = results.mean_ranks(group)
        if count and len(group) > 1:
            name = f"mean rank among {len(group)} on {count} tables"
            rows.append([name, "", *(f"{ranks[m]:.2f}" if m in ranks else "" for m in models)])
    return Table(["table", "score", *(MODELS[model].title for model in models)], rows)


def _duels(results: Results, ours: str, models: list[str]) -> Table:
    rows = []
    for model in models:
        found = results.differences(ours, model)
        if model == ours or not found:
            continue
        one = duel(found)
        share, median = _TARGETS.get(model, (None, None))
        met = [
            share is None or one.wins >= share * len(found),
            median is None or one.median >= median,
            model not in _WORST or one.worst >= _WORST[model],
        ]
        judged = model in _TARGETS or model in _WORST
        rows.append([
            MODELS[model].title, f"{one.wins} : {one.losses}", f"{one.median:+.1%}",
            f"{one.worst:+.1%} ({one.worst_table})", _target(share, median, _WORST.get(model)),
            ("met" if all(met) else "**not met**") if judged else "",
        ])  # fmt: skip
    headings = [f"{MODELS[ours].title}, against", "better : worse", "median fall of the error",
                "worst", "target", ""]  # fmt: skip
    return Table(headings, rows)


def _target(share: float | None, median: float | None, worst: float | None) -> str:
    parts = [f"≥ {share:.0%} better" if share is not None else "",
             f"median ≥ {median:+.0%}" if median is not None else "",
             f"worst ≥ {worst:+.0%}" if worst is not None else ""]  # fmt: skip
    return ", ".join(part for part in parts if part)


def _costs(results: Results, models: list[str]) -> Table:
    """Of fits on an idle machine; memory of all."""
    rows = []
    for model in models:
        every = results.of_model(model)
        timed = [one for one in every if not one.loaded]
        rows.append([
            MODELS[model].title, str(len(timed)),
            _spread(timed, lambda one: one.fit_seconds),
            _spread(timed, lambda one: one.cpu_seconds),
            _spread(every, lambda one: (one.peak_bytes or 0) / 2**20, "{:.0f}"),
            _spread(timed, lambda one: 1e6 * (one.predict_seconds or 0) / (one.predict_rows or 1)),
        ])  # fmt: skip
    headings = ["median (most) of a fit", "fits timed", "wall, s", "CPU, s", "peak memory, MiB",
                "predict, µs a row"]  # fmt: skip
    return Table(headings, rows)


def _honesty(results: Results, ours: str) -> Table | None:
    rows = []
    for table in results.tables:
        fits = list(results.of(table, ours).values())
        for name, key in (("coverage of 90 % intervals", "coverage_90"),
                          ("calibration error", "calibration_error")):  # fmt: skip
            if values := [one.test[key] for one in fits if key in one.test]:
                mean = statistics.mean(values)
                met = "" if key != "coverage_90" else "met" if _near(mean) else "**not met**"
                rows.append([table, name, f"{mean:.1%}", met])
    if not rows:
        return None
    limit = f"{_COVERAGE:.0%} ± {100 * _OFF:.0f} points"
    return Table([MODELS[ours].title, "", "test rows", f"target of intervals: {limit}"], rows)


def _near(covered: float) -> bool:
    return abs(covered - _COVERAGE) <= _OFF


def _spread(
    records: list[Record], of: Callable[[Record], float | None], form: str = "{:.3g}"
) -> str:
    values = [value for one in records if (value := of(one)) is not None]
    if not values:
        return ""
    return f"{form.format(statistics.median(values))} ({form.format(max(values))})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4f}" if value < 10 else f"{value:.2f}"
