"""Intervals around predicted quantities that hold the truth as often as they say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from rosenblatt.core.errors import BadArgument, BadData
from rosenblatt.tabular.predicted import Numbers, Predicted

# Floors of the spread, in its typical size, from "the spread alone" to "hardly the spread".
_FLOORS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4)
_WORTH = 1.92  # half the 95 % point of χ² with one degree of freedom
_FEW = 100  # rows; below, the choice of a floor would cost more than a quarter point of coverage
_EVEN = 200  # ranks kept at even distances
_TAIL = 60  # and more towards the largest residuals
_DIGITS = 7
_USUAL = (0.5, 0.68, 0.8, 0.9, 0.95, 0.99)


class Coverage(NamedTuple):
    """How intervals did on rows with known targets.

    Attributes:
        wanted: the coverage they were made for.
        covered: the share of targets in them.
        width: their mean width.
    """

    wanted: float
    covered: float
    width: float


@dataclass(frozen=True)
class Conformal:
    """Split conformal intervals: ŷ ± q·u, whatever the model and the targets' distribution.

    q is the ⌈(n+1)·coverage⌉-th smallest of n scores |y − ŷ|/u of rows the model has not learned
    from. If a new row is of the same kind as those, its target lies in the interval with at least
    the wanted probability, on average over rows. That holds for few rows too.

    u makes the interval wide where the model's members disagree. With s the members' spread in
    units of its median, u = (f + s)/(f + 1): the floor f keeps an interval from vanishing
    where members agree by chance. f is the one of a few values under which the scores are most
    alike (the largest likelihood of an exponential distribution); where none is surely better than
    the same width for all rows, or there are less than 100 rows, u is 1. Then the promise above is
    exact; the choice of f from the same rows takes at most about a quarter of a point from it.

    Args:
        rows: n.
        ranks: positions, from 1, among the sorted scores.
        scores: the score at each of these ranks.
        typical: the median of the members' spread; 0 where u is 1.
        floor: f.

    Source: Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World (2005); Lei et al.,
    Distribution-Free Predictive Inference for Regression (2018), sections 2.2 and 5.2.

    >>> fitted = Conformal.fit([1.0, 2.0, 3.0, 4.0], [1.1, 2.2, 3.3, 4.4])
    >>> fitted.interval([10.0], coverage=0.8).round(1).tolist()
    [[9.6, 10.4]]
    """

    rows: int
    ranks: tuple[int, ...]
    scores: tuple[float, ...]
    typical: float = 0.0
    floor: float = 0.0

    @classmethod
    def fit(
        cls, targets: ArrayLike, predictions: ArrayLike, spreads: ArrayLike | None = None
    ) -> Conformal:
        """Learn from predictions of rows that the model has not learned from.

        Args:
            targets: (rows,).
            predictions: (rows,) or (rows, 1).
            spreads: (rows,), e.g. the standard deviation of the members' predictions; None: all
                intervals have one width.

        Returns:
            What makes intervals; a few kilobytes, however many the rows.

        Raises:
            ValueError: lengths that do not fit, NaN, a negative spread.
        """
        judged = Predicted.of("quantity", targets, predictions)
        errors = np.abs(judged.targets - judged.predictions)
        typical, floor = 0.0, 0.0
        if spreads is not None:
            typical, floor = _floor(errors, _checked(spreads, len(judged)))
        scores = np.sort(errors / _widths(typical, floor, spreads, len(judged)))
        ranks = _kept_ranks(len(scores))
        kept = tuple(_rounded_up(float(scores[rank - 1])) for rank in ranks)
        return cls(len(scores), tuple(ranks), kept, typical, floor)

    def interval(
        self,
        predictions: ArrayLike,
        spreads: ArrayLike | None = None,
        coverage: float = 0.9,
    ) -> Numbers:
        """The intervals of new rows.

        Args:
            predictions: (rows,) or (rows, 1).
            spreads: (rows,), needed where they were given to `fit` and found to tell something.
            coverage: the share of targets that intervals shall hold.

        Returns:
            (rows, 2): lower and upper ends.

        Raises:
            ValueError: a coverage outside 0 to 1 or above n/(n+1), which n rows cannot support;
                spreads that are missing, negative or NaN.
        """
        quantile = self.quantile(coverage)
        if len(np.asarray(predictions)) == 0:
            return np.zeros((0, 2))
        guesses = Predicted.of("quantity", np.zeros(len(np.asarray(predictions))), predictions)
        half = quantile * _widths(self.typical, self.floor, spreads, len(guesses))
        return np.stack([guesses.predictions - half, guesses.predictions + half], axis=1)

    def quantile(self, coverage: float) -> float:
        """The score q of a coverage: that of rank ⌈(n+1)·coverage⌉, or the next one kept.

        Raises:
            ValueError: a coverage outside 0 to 1, or more than n rows support.

        >>> Conformal.fit([0.0, 0.0, 0.0], [1.0, 2.0, 3.0]).quantile(0.5)
        2.0
        """
        if not 0 < coverage < 1:
            raise BadArgument(
                "The coverage of an interval is outside 0 to 1.",
                given=coverage,
                expected="e.g. 0.9",
            )
        rank = math.ceil(round((self.rows + 1) * coverage, 9))
        if rank > self.rows:
            most = self.rows / (self.rows + 1)
            needed = math.ceil(round(coverage / (1 - coverage), 9))
            raise BadArgument(
                "The rows held out from training are too few for intervals of this coverage.",
                given=f"coverage {coverage:g} with {self.rows} rows",
                expected=f"at most {math.floor(most * 1000) / 1000:g}",
                fix=f"ask for less, or hold out {needed} rows or more.",
            )
        return self.scores[int(np.searchsorted(self.ranks, rank))]

    def covered(
        self,
        targets: ArrayLike,
        predictions: ArrayLike,
        spreads: ArrayLike | None = None,
        coverage: float = 0.9,
    ) -> Coverage:
        """How the intervals do on rows with known targets that `fit` has not seen.

        Args:
            targets: (rows,).
            predictions, spreads, coverage: as `interval` takes them.

        Raises:
            ValueError: as `interval`.

        >>> fitted = Conformal.fit([0.0, 0.0, 0.0], [1.0, 2.0, 3.0])
        >>> fitted.covered([0.0, 5.0], [1.5, 2.5], coverage=0.5)
        Coverage(wanted=0.5, covered=0.5, width=4.0)
        """
        judged = Predicted.of("quantity", targets, predictions)
        low, high = self.interval(judged.predictions, spreads, coverage).T
        inside = (low <= judged.targets) & (judged.targets <= high)
        return Coverage(coverage, float(inside.mean()), float((high - low).mean()))

    def widths(self, spreads: ArrayLike) -> Numbers:
        """u of each row: how wide its interval is beside others.

        Args:
            spreads: (rows,), of the members' predictions.
        """
        return _widths(self.typical, self.floor, spreads, len(np.asarray(spreads)))

    def scaled(self, factor: float) -> Conformal:
        """The same with intervals of another width.

        Args:
            factor: of the width, such as how much smaller the errors of several models' mean are
                than those of the models that it was fitted on.

        >>> fitted = Conformal.fit([1.0, 2.0, 3.0, 4.0], [1.1, 2.2, 3.3, 4.4])
        >>> fitted.scaled(0.5).interval([10.0], coverage=0.8).round(1).tolist()
        [[9.8, 10.2]]
        """
        return replace(self, scores=tuple(factor * score for score in self.scores))

    def to_config(self) -> dict[str, Any]:
        """What `from_config` takes, for JSON."""
        return {
            "rows": self.rows,
            "ranks": list(self.ranks),
            "scores": list(self.scores),
            "typical": self.typical,
            "floor": self.floor,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Conformal:
        """The intervals of a config."""
        ranks = tuple(int(rank) for rank in config["ranks"])
        scores = tuple(float(score) for score in config["scores"])
        return cls(
            int(config["rows"]), ranks, scores, float(config["typical"]), float(config["floor"])
        )


def cross_intervals(
    targets: ArrayLike,
    predictions: ArrayLike,
    spreads: ArrayLike | None = None,
    coverage: float = 0.9,
    *,
    folds: int = 5,
    seed: int = 0,
) -> Numbers:
    """Intervals of held-out rows, each from the other rows' residuals.

    So the rows that intervals are fitted on can also tell how often intervals hold: a row that its
    own interval was fitted on would be covered too often.

    Args:
        targets, predictions, spreads: of the rows, as `Conformal.fit` takes them.
        coverage: the share of targets that intervals shall hold.
        folds: parts of the rows; the intervals of one are fitted on the others.
        seed: of the parts.

    Returns:
        (rows, 2): lower and upper ends.

    Raises:
        ValueError: as `Conformal`; fewer than two rows.

    >>> cross_intervals([0.0, 0.0], [1.0, 2.0], coverage=0.5).tolist()
    [[-1.0, 3.0], [1.0, 3.0]]
    """
    judged = Predicted.of("quantity", targets, predictions)
    rows = len(judged)
    if rows < 2:
        raise BadData("One row cannot tell how good intervals are.", expected="two rows or more")
    spread = None if spreads is None else _checked(spreads, rows)
    part = np.random.default_rng(seed).permutation(rows) % min(folds, rows)
    found = np.empty((rows, 2))
    for one in np.unique(part):
        own, other = np.flatnonzero(part == one), np.flatnonzero(part != one)
        fitted = Conformal.fit(
            judged.targets[other],
            judged.predictions[other],
            None if spread is None else spread[other],
        )
        found[own] = fitted.interval(
            judged.predictions[own], None if spread is None else spread[own], coverage
        )
    return found


def _checked(spreads: ArrayLike, rows: int) -> Numbers:
    found = np.asarray(spreads, np.float64)
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if found.shape != (rows,) or not np.isfinite(found).all() or (found < 0).any():
        raise BadData(
            "The spreads of the members do not fit.",
            given=f"shape {found.shape}, smallest {found.min(initial=np.inf):g}",
            expected=f"shape ({rows},), all finite and none negative",
        )
    return found


def _floor(errors: Numbers, spreads: Numbers) -> tuple[float, float]:
    """Typical spread and floor of the largest likelihood; zeros where one width is as good."""
    typical = float(np.median(spreads))
    if typical <= 0 or len(errors) < _FEW:
        return 0.0, 0.0
    likelihoods = [_likelihood(errors / u, u) for u in _candidates(spreads, typical)]
    best = int(np.argmax(likelihoods))
    if likelihoods[best] - _likelihood(errors, np.ones(len(errors))) <= _WORTH:
        return 0.0, 0.0
    return typical, _FLOORS[best]


def _candidates(spreads: Numbers, typical: float) -> list[Numbers]:
    return [_widths(typical, floor, spreads, len(spreads)) for floor in _FLOORS]


def _likelihood(scores: Numbers, widths: Numbers) -> float:
    """The log-likelihood of exponential errors of mean c·u, with the best c; but for a constant."""
    mean = max(float(scores.mean()), np.finfo(np.float64).tiny)
    return -len(scores) * math.log(mean) - float(np.log(widths).sum())


def _widths(typical: float, floor: float, spreads: ArrayLike | None, rows: int) -> Numbers:
    """u of each row."""
    if typical == 0.0:
        return np.ones(rows)
    if spreads is None:
        raise BadArgument(
            "The intervals depend on the spread of the members, which is missing.",
            fix="pass `spreads`, made as those given to `fit`.",
        )
    return (floor + _checked(spreads, rows) / typical) / (floor + 1)


def _kept_ranks(rows: int) -> list[int]:
    """All ranks where they are few; else even ones, more at the end, and those often asked for."""
    if rows <= _EVEN + _TAIL:
        return list(range(1, rows + 1))
    even = np.linspace(1, rows, _EVEN)
    tail = rows + 1 - np.geomspace(1, rows / 50, _TAIL)
    usual = (rows + 1) * np.array(_USUAL)
    ranks = np.ceil(np.round(np.concatenate([even, tail, usual]), 9)).astype(np.int64)
    return np.unique(ranks.clip(1, rows)).tolist()


def _rounded_up(score: float) -> float:
    """A number of few digits that is not smaller: equal scores may be many, and stay covered."""
    near = float(f"{score:.{_DIGITS}g}")
    return near if near >= score else float(f"{score * (1 + 10 ** (1 - _DIGITS)):.{_DIGITS}g}")
