"""English as a native writes it: phrases that were translated word for word do not come back.

The list grows whenever somebody finds another one; `CONTRIBUTING.md` says what to write instead.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
TRANSLATED = [
    r"\b(go|goes|going|went|gone) on with\b",
    r"\b(run|search|trial|training) (that )?goes on\b",
    r"\bof theirs\b",
    r"\bof ours\b",
    r"\bof one's own\b",
    r"\bof (the|a) user's(?= own\b|[.,;:)]| (is|are|in|that|which|sees|takes|reads|to|and)\b)",
    r"\bsomebody else's\b",
    r"\b(any|all|one|a|an) (\w+ )?of Keras's\b",
    r"\bcallbacks of Keras's\b",
    r"\bthat there (is|are) not\b",
    r"\b(that|which) there are[.;,)]",
    r"\bno known\b",
    r"\b(is|are) not there\b",
    r"\bnot there\b",
    r"\bis given back to\b",
    r"\bBe such\b",
    r"\bwhat is met\b",
    r"\bis met there\b",
    r"\banew\b",
    r"\bfor ever\b",
    r"\bnobody knows\b",
    r"\bwarned of\b",
    r"\b(tells?|knows?) of (the|its|a|his)\b",
    r"\banother number of\b",
    r"\b(stand|stands) in memory\b",
    r"(?<!\bthere )\bis no (number|integer|argument|part|list|array|layer|function|file|object)\b",
    r"\bnone of theirs\b",
    r"\b(where|which|that) it is none\b",
    r"\bwithout circles\b",
    r"\bput (that|it) right\b",
    r"\btrains? on from\b",
    r"\bof then\b",
    r"\b(is|are) told (here|later|where|before|at)\b",
    r"\b(data|training|kernel|it|they) (has|have|had) not([.,:;)\"]| gets)",
]
PROSE = [
    *sorted((ROOT / "src").rglob("*.py")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "examples").glob("*")),
    *sorted((ROOT / "tools").glob("*.py")),
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "SECURITY.md", "CODE_OF_CONDUCT.md")),
    *(ROOT / folder / "README.md" for folder in ("tools", "locks")),
]


def flowing(text: str) -> str:
    """A text without its line breaks: strings and comments in several lines are joined."""
    text = re.sub(r"\"\s*\n\s*[rf]*\"", "", text)
    return re.sub(r"\s*\n\s*(#:? )?", " ", text)


def test_no_translated_phrase() -> None:
    phrase = re.compile("|".join(TRANSLATED), re.IGNORECASE)
    found = []
    for path in filter(Path.is_file, PROSE):
        text = flowing(path.read_text())
        found += [
            f"{path.relative_to(ROOT)}: …{text[max(0, match.start() - 40) : match.end() + 40]}…"
            for match in phrase.finditer(text)
        ]
    assert not found, "Write it as CONTRIBUTING.md says:\n" + "\n".join(found)


def test_the_examples_of_contributing() -> None:
    """Each wrong phrase is on the list, and no right one is."""
    section = (ROOT / "CONTRIBUTING.md").read_text().partition("## English")[2]
    rows = re.findall(r"^\| (?!wrong|---)(.+?) \| (.+?) \|$", section.partition("\n## ")[0], re.M)
    assert len(rows) >= 15
    for wrong, right in rows:
        assert any(re.search(one, wrong, re.I) for one in TRANSLATED), wrong
        assert not any(re.search(one, right, re.I) for one in TRANSLATED), right
