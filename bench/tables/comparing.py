"""Records of many fits as ranks, wins and differences."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.tables.records import Key, Record, newest
from bench.tables.scores import MAIN, error


class Results:
    """What there is of each fit, by table and model."""

    def __init__(self, records: Iterable[Record]) -> None:
        """Take the newest record of each fit."""
        self._fits: Mapping[Key, Record] = newest(records)
        self.tables = list(dict.fromkeys(table for table, _, _ in self._fits))
        self.models = list(dict.fromkeys(model for _, model, _ in self._fits))

    def of(self, table: str, model: str) -> dict[int, Record]:
        """The fits that have scores, by seed."""
        found = (
            one for (t, m, _), one in self._fits.items() if (t, m) == (table, model) and one.test
        )
        return {one.seed: one for one in found}

    def of_model(self, model: str) -> list[Record]:
        """All fits of a model that have scores."""
        return [one for table in self.tables for one in self.of(table, model).values()]

    def cut(self, model: str) -> list[Record]:
        """The fits of a model without scores."""
        return [one for (_, m, _), one in self._fits.items() if m == model and not one.test]

    def task(self, table: str) -> str:
        """The kind of a table's task."""
        return next(one.task for (t, _, _), one in self._fits.items() if t == table)

    def score(self, table: str, model: str) -> float | None:
        """The mean of the main score on the test rows over the seeds, None without one."""
        found = [one.test[MAIN[one.task]] for one in self.of(table, model).values()]
        return statistics.mean(found) if found else None

    def error(self, table: str, model: str) -> float | None:
        """The same as an error."""
        found = [error(one.task, one.test) for one in self.of(table, model).values()]
        return statistics.mean(found) if found else None

    def ranks(self, table: str, models: Iterable[str]) -> dict[str, float]:
        """1 for the smallest error among the models that have one; equal ones share the mean."""
        errors = {
            model: found for model in models if (found := self.error(table, model)) is not None
        }
        return {
            model: sum(other < own for other in errors.values())
            + (sum(other == own for other in errors.values()) + 1) / 2
            for model, own in errors.items()
        }

    def mean_ranks(self, models: list[str]) -> tuple[dict[str, float], int]:
        """Mean ranks over the tables on which every one of the models has scores; how many."""
        complete = [t for t in self.tables if len(self.ranks(t, models)) == len(models)]
        ranks = [self.ranks(table, models) for table in complete]
        if not ranks:
            return {}, 0
        return {m: statistics.mean(one[m] for one in ranks) for m in models}, len(ranks)

    def differences(self, ours: str, theirs: str) -> dict[str, float]:
        """By how much our error is below theirs, as a share of theirs, on each common table.

        Only seeds that both have count.
        """
        found = {}
        for table in self.tables:
            mine, others = self.of(table, ours), self.of(table, theirs)
            if seeds := mine.keys() & others.keys():
                own = statistics.mean(error(mine[s].task, mine[s].test) for s in seeds)
                other = statistics.mean(error(others[s].task, others[s].test) for s in seeds)
                found[table] = (other - own) / other
        return found


@dataclass(frozen=True)
class Duel:
    """Ours against a peer over the common tables: how often better, by how much, the worst case."""

    wins: int
    losses: int
    median: float
    worst: float
    worst_table: str


def duel(differences: Mapping[str, float]) -> Duel:
    """Sum up `Results.differences`."""
    values = list(differences.values())
    worst = min(differences, key=lambda table: differences[table])
    return Duel(
        wins=sum(value > 0 for value in values),
        losses=sum(value < 0 for value in values),
        median=statistics.median(values),
        worst=differences[worst],
        worst_table=worst,
    )
