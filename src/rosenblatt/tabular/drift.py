"""How a table given to `predict` differs from the one a model was trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rosenblatt.tables.parsing import missing
from rosenblatt.tables.table import Column, Table, TextColumn
from rosenblatt.tabular.checks import Finding
from rosenblatt.tabular.ids import percent
from rosenblatt.tabular.kinds import ColumnKind, Schema, as_numbers, as_times

_OF_WORDS = ("category", "text")
_BINS = 10
_MOST_WORDS = 30  # kept one by one; the others together
_FEWEST_ROWS = 30
_DRIFT = 0.25  # of the population stability index: a major shift, as scorecards take it
_SHARE = 0.1  # more missing or unseen values than in training, of all rows
_LEAST = 1e-4


@dataclass(frozen=True)
class ColumnSummary:
    """The distribution of a column in the training rows.

    Args:
        missing: the share of missing values.
        edges: of the bins of numbers, or of times in seconds since 1970: a bin holds values up to
            its edge, the last bin those above.
        words: the most frequent words of a category.
        shares: of each bin, or of each word and then of all others, among the known values.
    """

    missing: float
    edges: tuple[float, ...] = ()
    words: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()


@dataclass(frozen=True)
class Summary:
    """The distributions of the columns that a model reads, small enough to keep beside it.

    Args:
        rows: of the training part.
        columns: name to distribution.
    """

    rows: int
    columns: dict[str, ColumnSummary] = field(default_factory=dict)

    def to_config(self) -> dict[str, Any]:
        """The summary as plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Summary:
        """The summary that `to_config` was called on."""
        columns = {
            name: ColumnSummary(
                one["missing"], tuple(one["edges"]), tuple(one["words"]), tuple(one["shares"])
            )
            for name, one in config["columns"].items()
        }
        return cls(config["rows"], columns)


def summarize(table: Table, schema: Schema) -> Summary:
    """Keep how the training rows are distributed.

    Args:
        table: of the training rows.
        schema: what its columns hold; only those that are read are kept, and of text of several
            words only the share that is missing.
    """
    columns = {name: _summary(table[name], kind) for name, kind in schema.read.items()}
    return Summary(table.rows, columns)


def _summary(column: Column, kind: ColumnKind) -> ColumnSummary:
    if kind.kind in _OF_WORDS:
        counts = _word_counts(column)
        total = sum(counts.values())
        absent = 1 - total / max(len(column), 1)
        if kind.kind == "text" or total == 0:
            return ColumnSummary(absent)
        words = tuple(sorted(counts, key=lambda word: (-counts[word], word))[:_MOST_WORDS])
        return ColumnSummary(absent, (), words, tuple(_word_shares(counts, words)))
    known = _known_numbers(column, kind)
    absent = 1 - len(known) / max(len(column), 1)
    if len(known) == 0:
        return ColumnSummary(absent)
    quantiles = np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1], method="lower")
    edges = tuple(np.unique(quantiles).tolist())
    return ColumnSummary(absent, edges, (), tuple(_bin_shares(known, edges)))


def _word_counts(column: Column) -> dict[str, int]:
    """How often each word (or value, as text) comes; missing ones are left out."""
    if isinstance(column, TextColumn):
        counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.words))
        present = np.flatnonzero(counts)
        present = present[~missing(column.words[present])]
        return {str(column.words[i]): int(counts[i]) for i in present}
    known = np.flatnonzero(~column.missing)
    _, rows, counts = np.unique(column.values[known], return_index=True, return_counts=True)
    texts = (str(column.text(int(row))) for row in known[rows])
    return dict(zip(texts, counts.tolist(), strict=True))


def _word_shares(counts: Mapping[str, int], words: Sequence[str]) -> list[float]:
    """The share of each of the words, then of all others."""
    total = max(sum(counts.values()), 1)
    shares = [counts.get(word, 0) / total for word in words]
    return [*shares, max(0.0, 1 - sum(shares))]


def _known_numbers(column: Column, kind: ColumnKind) -> NDArray[np.float64]:
    """The values that are not missing, times as seconds since 1970."""
    if kind.kind == "date":
        times = as_times(column, kind)
        return times[~np.isnat(times)].astype(np.int64) / 1e6
    if column.kind == "time":  # where numbers were in training
        return np.zeros(0)
    values = as_numbers(column, kind)
    return values[~np.isnan(values)]


def _bin_shares(known: NDArray[np.float64], edges: Sequence[float]) -> list[float]:
    """The share of the values in each bin; a bin holds its upper edge."""
    places = np.searchsorted(np.array(edges), known, side="left")
    shares = np.bincount(places, minlength=len(edges) + 1) / max(len(known), 1)
    return [float(share) for share in shares]


def drift(reference: Summary, table: Table, schema: Schema) -> list[Finding]:
    """Say where a table differs from the training rows.

    Args:
        reference: the summary of the training rows.
        table: another one, such as that given to `predict`; columns that it lacks are passed over.
        schema: what the columns hold.

    Returns:
        A finding for each column with many more missing values ("missing"), with many words that
        training rarely or never had ("unseen"), or of another distribution ("drift"): a population
        stability index Σ (p - q) ln(p / q) above 0.25, beyond what so few rows have by chance.
        Nothing for fewer than 30 rows.

    >>> from rosenblatt.tables.table import NumberColumn
    >>> table = Table.of([NumberColumn("age", np.arange(100.0))])
    >>> schema = Schema({"age": ColumnKind("number", "")})
    >>> older = Table.of([NumberColumn("age", np.arange(60.0, 160.0))])
    >>> [found.code for found in drift(summarize(table, schema), older, schema)]
    ['drift']
    """
    found: list[Finding] = []
    if table.rows < _FEWEST_ROWS:
        return found
    for name, kind in schema.read.items():
        one = reference.columns.get(name)
        if one is not None and name in table:
            finding = _differs(one, table[name], kind, reference.rows)
            found += [finding] if finding else []
    return found


def _differs(one: ColumnSummary, column: Column, kind: ColumnKind, rows: int) -> Finding | None:
    if kind.kind in _OF_WORDS:
        counts = _word_counts(column)
        known, shares = sum(counts.values()), _word_shares(counts, one.words)
    else:
        values = _known_numbers(column, kind)
        known, shares = len(values), _bin_shares(values, one.edges)
    name = column.name
    absent = 1 - known / len(column)
    if _clearly_more(absent, one.missing, len(column)):
        text = f"{percent(absent)} of the values are missing, {percent(one.missing)} in training"
        return Finding("missing", name, f"column {name!r}: {text}")
    if known < _FEWEST_ROWS or len(one.shares) < 2:
        return None
    if one.words and _clearly_more(shares[-1], one.shares[-1], known):
        text = (
            f"{percent(shares[-1])} of the words are rare or unseen, "
            f"{percent(one.shares[-1])} in training"
        )
        return Finding("unseen", name, f"column {name!r}: {text}")
    # One row more for each bin, distributed as in training: few rows leave bins empty by chance.
    weight = known / (known + len(shares))
    expected = [
        weight * now + (1 - weight) * old for old, now in zip(one.shares, shares, strict=True)
    ]
    index = stability_index(one.shares, expected)
    by_chance = (len(shares) - 1) * (1 / known + 1 / max(rows, 1))
    if index - 2 * by_chance <= _DRIFT:
        return None
    place = int(np.abs(np.array(shares) - np.array(one.shares)).argmax())
    text = (
        f"other values than in training (stability index {index:.2f}): {_part(one, kind, place)} "
        f"has {percent(shares[place])} of the rows, {percent(one.shares[place])} in training"
    )
    return Finding("drift", name, f"column {name!r}: {text}")


def _clearly_more(share: float, before: float, rows: int) -> bool:
    """Whether a share of so many rows is more than before, by a tenth and three standard errors."""
    error = np.sqrt(max(before * (1 - before), 0.01) / rows)
    return bool(share > before + _SHARE + 3 * error)


def stability_index(old: Sequence[float], new: Sequence[float]) -> float:
    """The population stability index Σ (new - old) ln(new / old) of two lists of shares.

    Shares below 0.0001 count as that, so that an empty bin is not infinitely far.

    Source: Siddiqi, "Credit risk scorecards", 2006.

    >>> round(stability_index([0.5, 0.5], [0.9, 0.1]), 3)
    0.879
    """
    before, now = np.maximum(old, _LEAST), np.maximum(new, _LEAST)
    return float(((now - before) * np.log(now / before)).sum())


def _part(one: ColumnSummary, kind: ColumnKind, place: int) -> str:
    """A bin or word of a summary, as messages name it."""
    if one.words:
        return repr(one.words[place]) if place < len(one.words) else "the rest"

    def edge(at: int) -> str:
        seconds = one.edges[at]
        return str(np.datetime64(int(seconds), "s")) if kind.kind == "date" else f"{seconds:.6g}"

    if place == 0:
        return f"up to {edge(0)}"
    if place == len(one.edges):
        return f"above {edge(-1)}"
    return f"{edge(place - 1)} to {edge(place)}"
