"""What was loaded into a model, and what was not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rosenblatt.core.errors import explain

SHOWN = 3  # of the parts that do not fit


def misfit(place: str, problems: Iterable[str]) -> str:
    """The message that layers do not fit, with the first of them.

    Args:
        place: the file.
        problems: what does not fit, of each layer.
    """
    texts = [f"{problem}." for problem in problems]
    if len(texts) > SHOWN:
        texts[SHOWN:] = [f"And {len(texts) - SHOWN} more."]
    return explain(
        f"{place}: the weights do not fit the model. {' '.join(texts)}",
        fix="build the model as it was when the file was saved, or load what fits with "
        "`load_weights(…, skip_mismatch=True)`.",
    )


@dataclass
class LoadReport:
    """Layers by what became of them when weights were loaded.

    Args:
        place: the file.
        matched: names of layers that took the file's weights.
        skipped: layers that kept theirs, and why.
        unused: names in the file that no layer of the model has.

    >>> print(LoadReport("'a.h5'", ["dense"], {"head": "the file has no layer of this name"}))
    'a.h5': 1 layer loaded.
      loaded   dense
      kept     head: the file has no layer of this name
    """

    place: str
    matched: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        plural = "" if len(self.matched) == 1 else "s"
        lines = [f"{self.place}: {len(self.matched)} layer{plural} loaded."]
        lines += [f"  loaded   {name}" for name in self.matched]
        lines += [f"  kept     {name}: {why}" for name, why in self.skipped.items()]
        lines += [f"  unused   {name}: the model has no such layer" for name in self.unused]
        return "\n".join(lines)
