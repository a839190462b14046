"""By how much intervals of several networks' mean are narrower than those of single networks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rosenblatt.tabular.intervals import Conformal

_QUANTILE = 0.9  # of errors, where widths are compared
_LEAST = 0.5  # more is not believed

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SeenRows:
    """Rows that all networks but one were trained on, and that one predicted.

    Args:
        errors: (rows,), |y − ŷ| of the one that had not seen the row.
        network: (rows,), which one that is.
        members: (rows, networks, members): what all members of all networks say.
    """

    errors: Floats
    network: NDArray[np.int64]
    members: Floats

    @property
    def networks(self) -> int:
        """How many there are."""
        return self.members.shape[1]

    @cached_property
    def _variances(self) -> tuple[Floats, Floats]:
        """The members' variance in the network new to a row, (rows,), and in the others."""
        every = self.members.var(axis=2)
        own = np.arange(self.networks) == self.network[:, None]
        return every[own], every[~own].reshape(len(every), -1)

    @cached_property
    def _more_on_new(self) -> float:
        """How much larger the members' variance is, on average, on rows new to their network."""
        new, seen = self._variances
        return max(1.0, float(new.mean() / seen.mean())) if seen.mean() > 0 else 1.0

    def gain(self) -> float:
        """√(1 − (1 − 1/G) s² / e²): the mean's error as a share of a single network's.

        G networks, e² the mean squared error of one, s² the variance between them on new rows: that
        on these rows, enlarged as the members' is.
        """
        error = float((self.errors**2).mean())
        if error == 0:
            return 1.0
        between = float(self.members.mean(axis=2).var(axis=1, ddof=1).mean()) * self._more_on_new
        return float(np.sqrt(max(_LEAST, 1 - (1 - 1 / self.networks) * between / error)))

    def steadiness(self, conformal: Conformal) -> float:
        """What a steadier width saves.

        A row's interval is as wide as members disagree: as those of one network for the rows that
        `conformal` was fitted on, as those of all for a new row. One network's few members
        disagree by chance too; where they happen to agree, an error counts for much, and the
        intervals of all rows are the wider for it. So: the quantile of errors in widths by many
        networks, as a share of that in widths by one.
        """
        seen = self._variances[1] * self._more_on_new
        single = [
            np.quantile(self.errors / conformal.widths(np.sqrt(one)), _QUANTILE) for one in seen.T
        ]
        many = np.quantile(self.errors / conformal.widths(np.sqrt(seen.mean(axis=1))), _QUANTILE)
        usual = float(np.mean(single))
        return float(np.clip(many / usual, _LEAST, 1.0)) if usual > 0 else 1.0


def narrowed(conformal: Conformal, rows: SeenRows) -> Conformal:
    """Intervals of the mean of several networks.

    Args:
        conformal: fitted on rows that one network each predicted.
        rows: some of those, with what all networks, two or more, say of them.

    >>> apart = np.array([[[0.0, 2.0], [4.0, 6.0]]] * 2)
    >>> single = Conformal.fit([3.0, 3.0], [1.0, 5.0])
    >>> narrowed(single, SeenRows(np.array([2.0, 2.0]), np.array([0, 1]), apart)).quantile(0.5)
    1.4142135623730951
    """
    return conformal.scaled(rows.gain() * rows.steadiness(conformal))
