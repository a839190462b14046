"""Which format the dates of a column have, found by trying formats on its different texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rosenblatt.tables.parsing import ISO, Times, times

# Where two fit equally well the first one is taken: see `_both_ways`.
_DAYS = (
    "%Y/%m/%d", "%Y-%m-%d", "%Y.%m.%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%m.%d.%Y",
    "%d-%m-%Y", "%m-%d-%Y", "%m/%d/%y", "%d/%m/%y", "%d.%m.%y", "%d-%m-%y", "%m-%d-%y",
    "%y/%m/%d", "%y-%m-%d", "%d %m %Y", "%d %b %Y", "%d. %b %Y", "%b %d, %Y", "%b %d %Y",
    "%d-%b-%Y", "%d-%b-%y", "%d/%b/%Y", "%d %b %y", "%b %d, %y", "%d%b%Y", "%d%b%y", "%Y-%b-%d",
    "%Y %b %d", "%a %d %b %Y", "%a, %d %b %Y", "%a, %b %d, %Y", "%a, %b %d %Y", "%a %b %d %Y",
    "%b %Y", "%b-%Y", "%b-%y", "%b, %Y", "%Y %b", "%Y-%m", "%m/%Y", "%m-%Y",
)  # fmt: skip
_WHOLE = (
    "%Y%m%d", "%Y%m%d%H%M%S", "%Y%m%dT%H%M%S", "%Y%m%d %H%M%S", "%d/%b/%Y:%H:%M:%S %z",
    "%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %z %Y", "%Y-%m-%d-%H.%M.%S", "%H:%M", "%H:%M:%S",
    "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p",
)  # fmt: skip
_CLOCK = re.compile(
    r"(?P<between>[,T ]+)(?P<hour>\d{1,2}:\d{2})(?P<second>:\d{2})?(?P<part>\.\d+)?"
    r"(?P<half>\s*[ap]\.?m\.?)?(?P<zone>\s*(?:z|utc|gmt|[-+]\d{2}:?\d{2}))?",
    re.IGNORECASE,
)
_FIRST_YEAR, _LAST_YEAR = np.datetime64("1700"), np.datetime64("2200")
_EXAMPLES = 200
_NEARLY_ALL = 0.9  # of the examples; the whole column decides


class DateFormat(NamedTuple):
    """A format that texts have.

    Attributes:
        name: as `tables.parsing.times` takes it.
        times: of all texts; NaT where one is not such a date.
        note: what is uncertain about it, a sentence or nothing.
    """

    name: str
    times: Times
    note: str = ""


def find_format(words: NDArray[np.object_], counts: NDArray[np.int64]) -> DateFormat | None:
    """The format that most rows of a column fit.

    Day or month first is decided by values above 12; where none is, by which reading has the same
    day in each month; else 01/02/2013 is the 2nd of January, and 01.02.2013 the 1st of February.

    Args:
        words: (n,) the different texts, missing words left out.
        counts: (n,) how many rows have each.

    Returns:
        The format; None where no format fits most of some examples.

    >>> find_format(np.array(["31/01/2013", "01/02/2013"], dtype=object), np.array([1, 5])).name
    '%d/%m/%Y'
    """
    places = _spread(counts)
    examples = [str(word).strip() for word in words[places]]
    if not examples or not _may_be_dates(examples):
        return None
    fitting = []
    for name in _candidates(examples[:20]):
        if _fits(times(examples, name), counts[places]):
            fitting.append(name)
            if name == ISO:
                break  # no other one can mean something else
    if not fitting:
        return None
    read = {name: _sensible(times(words, name)) for name in fitting}
    shares = {name: _share(read[name], counts) for name in fitting}
    best = [name for name in fitting if shares[name] == max(shares.values())]
    if len(best) > 1:
        return _both_ways(best, read)
    return DateFormat(best[0], read[best[0]])


def _spread(counts: NDArray[np.int64]) -> NDArray[np.intp]:
    """The places of the most frequent texts, then of others from all over the column."""
    often = np.argsort(-counts, kind="stable")[: _EXAMPLES // 2]
    even = np.linspace(0, len(counts) - 1, _EXAMPLES // 2).astype(np.intp) if len(counts) else often
    return np.array(
        list(dict.fromkeys([*even[::5].tolist(), *often.tolist(), *even.tolist()])), int
    )


def _may_be_dates(examples: Sequence[str]) -> bool:
    """Whether most texts are as short as a date and have at least two digits, as "Jan-13" has."""
    likely = [5 <= len(word) <= 40 and sum(map(str.isdigit, word)) >= 2 for word in examples]
    return sum(likely) >= 0.8 * len(likely) or (len(likely) < 5 and any(likely))


def _fits(found: Times, counts: NDArray[np.int64]) -> bool:
    """Whether nearly all examples are dates, or nearly all of their rows."""
    return max(_share(found, counts), _share(found, np.ones_like(counts))) >= _NEARLY_ALL


def _share(found: Times, counts: NDArray[np.int64]) -> float:
    return float(counts[~np.isnat(found)].sum() / max(counts.sum(), 1))


def _sensible(found: Times) -> Times:
    """Times of years that data have; NaT for others."""
    return np.where((found >= _FIRST_YEAR) & (found < _LAST_YEAR), found, np.datetime64("NaT"))


def _candidates(examples: Sequence[str]) -> list[str]:
    """The formats that at least one of the examples fits, those with days before those without."""
    if all(word.isdigit() for word in examples):
        return ["%Y%m%d", "%Y%m%d%H%M%S"]
    clocks = Counter(_clock(word) for word in examples)
    ending = clocks.most_common(1)[0][0]
    candidates = [ISO, *(day + ending for day in _DAYS), *_WHOLE]
    return [name for name in candidates if not np.isnat(times(examples, name)).all()]


def _clock(word: str) -> str:
    """The directives of the time of day at the end of a text; nothing without one."""
    match = _CLOCK.search(word)
    if match is None or match.end() != len(word):
        return ""
    return (
        match["between"].replace("%", "%%")
        + ("%I:%M" if match["half"] else "%H:%M")
        + (":%S" if match["second"] else "")
        + (".%f" if match["part"] else "")
        + (" %p" if match["half"] else "")
        + (" %z" if match["zone"] else "")
    )


def _both_ways(best: Sequence[str], read: dict[str, Times]) -> DateFormat:
    """One of several formats that fit equally well, and how certain that is."""
    years = {one: len(np.unique(read[one].astype("datetime64[Y]"))) for one in best}
    # Of a day taken for a year there are up to 31: 13-01-28.
    best = [one for one in best if years[one] == min(years.values())]
    name = best[0]
    if len(best) == 1:
        return DateFormat(name, read[name])
    for one in best:
        days = read[one].astype("datetime64[D]")
        known = days[~np.isnat(days)]
        months = known.astype("datetime64[M]")
        in_month = np.unique(known - months.astype("datetime64[D]"))
        if len(in_month) == 1 and len(np.unique(months)) > 1:
            name = one  # such as the first of each month
            break
    other = next(one for one in best if one != name)
    if np.array_equal(read[name], read[other], equal_nan=True):
        return DateFormat(name, read[name])
    return DateFormat(
        name, read[name], f"no value tells {name} from {other}; if that is wrong: 'date:{other}'"
    )
