"""What is wrong with what we do with a wrong value, beside what Keras does, and which rule says no.

Rules are pairs of a pattern, for lines as "layers.Dense.units=-1", and a reason.
"""

from __future__ import annotations

import builtins
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from outcomes import Outcome
from wrong_arguments import LETTERS, Case

from rosenblatt.core.errors import RosenblattError

Rules = tuple[tuple[str, str], ...]


def row(case: Case) -> str:
    """A case in one line, as rules see it."""
    return f"{case.part}.{case.argument}={case.value}"


def reason(rules: Rules, case: Case) -> str | None:
    """The first rule that fits."""
    return next((why for rule, why in rules if re.fullmatch(rule, row(case))), None)


@dataclass
class Judge:
    """Compares with what `tools/keras_arguments.py` found that Keras refuses.

    Args:
        file: what it found.
        accepted: rules of what we accept and Keras refuses.
        stricter: … of what we refuse and Keras accepts.
        other_types: … of errors of another type.
        named: … of messages that name something else than the argument.
    """

    file: str
    accepted: Rules
    stricter: Rules
    other_types: Rules = ()
    named: Rules = ()

    def __post_init__(self) -> None:
        text = (Path(__file__).parent / self.file).read_text("utf-8")
        self.recorded: dict[str, dict[str, dict[str, str]]] = json.loads(text)

    def theirs(self, case: Case) -> str | None:
        """The type of Keras's error, "?" before one that was not meant."""
        kinds = self.recorded[case.part].get(case.argument, {})
        return next((kind for kind, values in kinds.items() if LETTERS[case.value] in values), None)

    def fault(self, case: Case, ours: Outcome) -> str | None:
        """What is wrong with what we do."""
        kind = self.theirs(case)
        if ours.error is None:
            wrong = kind is not None and reason(self.accepted, case) is None
            return f"accepted; Keras: {kind}" if wrong else None
        if not isinstance(ours.error, RosenblattError):
            return f"an inner error: {ours}"
        if not isinstance(ours.error, ValueError):
            return f"not a ValueError: {ours}"
        if case.argument not in str(ours.error) and reason(self.named, case) is None:
            return f"the argument is not named: {ours}"
        if kind is None:
            return None if reason(self.stricter, case) else f"refused: {ours}"
        expected = getattr(builtins, kind.lstrip("?"), Exception)
        other = not kind.startswith("?") and not isinstance(ours.error, expected)
        return f"not a {kind}: {ours}" if other and not reason(self.other_types, case) else None

    def faults(self, tried: Iterable[tuple[Case, Outcome]]) -> str:
        """All that is wrong, a line each."""
        found = [(case, self.fault(case, ours)) for case, ours in tried]
        return "\n".join(f"{row(case)}: {text}" for case, text in found if text)

    def counted(self, tried: Iterable[tuple[Case, Outcome]]) -> Counter[str]:
        """How many cases each rule stands for."""
        counts = Counter[str]()
        for case, ours in tried:
            refuses = self.theirs(case) is not None
            if ours.error is None:
                why = reason(self.accepted, case) if refuses else None
                counts[f"accepted by us: {why}" if refuses else "accepted"] += 1
            else:
                why = reason(self.other_types if refuses else self.stricter, case)
                counts[f"refused by us: {why}" if why else "refused"] += 1
        return counts

    def idle(self, counts: Counter[str]) -> list[str]:
        """The rules that no case needs."""
        rules = [(f"accepted by us: {why}", why) for _, why in self.accepted]
        rules += [(f"refused by us: {why}", why) for _, why in (*self.stricter, *self.other_types)]
        return [why for key, why in rules if not counts[key]]
