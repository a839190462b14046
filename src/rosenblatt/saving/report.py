"""What was loaded into a model, and what was not."""

from __future__ import annotations

from dataclasses import dataclass, field


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

    def problems(self, most: int = 3) -> str:
        """Why layers were skipped, the first of them."""
        texts = list(self.skipped.values())
        more = f" And {len(texts) - most} more." if len(texts) > most else ""
        return "; ".join(texts[:most]) + "." + more

    def __str__(self) -> str:
        plural = "" if len(self.matched) == 1 else "s"
        lines = [f"{self.place}: {len(self.matched)} layer{plural} loaded."]
        lines += [f"  loaded   {name}" for name in self.matched]
        lines += [f"  kept     {name}: {why}" for name, why in self.skipped.items()]
        lines += [f"  unused   {name}: the model has no such layer" for name in self.unused]
        return "\n".join(lines)
