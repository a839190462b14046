"""Propositional formulas: text to a tree of tuples, with the place of a mistake shown.

A tree is a name (str), a constant (bool), or a tuple of an operator and its arguments:
("not", a), ("and", a, b, …), ("or", …), ("xor", …), ("iff", …) from left to right, and
("implies", …) from right to left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NoReturn

from rosenblatt.core.errors import BadArgument, WrongType

Tree = Any

_DEEPEST = 50  # of parentheses and negations: Python's own stack has an end
_NAMED = {
    "not": ("not", "~", "!", "¬"),
    "and": ("and", "&", "&&", "∧"),
    "xor": ("xor", "^", "⊕"),
    "or": ("or", "|", "||", "∨"),
    "implies": ("implies", "->", "=>", "→"),
    "iff": ("iff", "<->", "<=>", "↔"),
}
_OPERATORS = {sign: name for name, signs in _NAMED.items() for sign in signs}
_CONSTANTS = {"true": True, "false": False, "1": True, "0": False}
# From the loosest to the tightest; `not` is tighter than all of them.
_BY_PRECEDENCE = ("iff", "implies", "or", "xor", "and")
_EXPECTED = "names, and operators: and or not xor implies iff, or & | ~ ^ -> <->"
_TOKEN = re.compile(r"\s*(?:(<->|<=>|->|=>|&&|\|\||[&|~^!¬∧∨⊕→↔()])|(\w+))")


def parse(text: str) -> Tree:
    """The tree of a formula.

    Raises:
        TypeError: no text.
        ValueError: text that is no formula; the message shows the place.

    >>> parse("A and (B or not C)")
    ('and', 'A', ('or', 'B', ('not', 'C')))
    >>> parse("a -> b -> c"), parse("x ^ 1")
    (('implies', 'a', 'b', 'c'), ('xor', 'x', True))
    """
    if not isinstance(text, str):
        raise WrongType(
            "A formula is a text.", given=repr(text), expected="as 'A and (B or not C)'"
        )
    return _Parser(text).whole()


def names_in(tree: Tree) -> list[str]:
    """The names in a tree, each once, in the order they come.

    >>> names_in(parse("B and (A or B)"))
    ['B', 'A']
    """
    if isinstance(tree, tuple):
        return list(dict.fromkeys(name for part in tree[1:] for name in names_in(part)))
    return [tree] if isinstance(tree, str) else []


class _Parser:
    """Recursive descent over the tokens of one formula."""

    def __init__(self, text: str):
        self.text = text
        self.tokens = [*_tokens(text), ("", len(text.rstrip()))]
        self.index = 0
        self.depth = 0

    @property
    def token(self) -> str:
        return self.tokens[self.index][0]

    @property
    def operator(self) -> str | None:
        """The operator that the current token is, in whatever spelling."""
        return _OPERATORS.get(self.token.lower())

    def whole(self) -> Tree:
        tree = self.chain(0)
        if self.token:
            self.fail("an operator as `and`, or the end")
        return tree

    def chain(self, level: int) -> Tree:
        """Operands joined by one operator; each is a chain of the next tighter one."""
        if level == len(_BY_PRECEDENCE):
            return self.operand()
        name = _BY_PRECEDENCE[level]
        parts = [self.chain(level + 1)]
        while self.operator == name:
            self.index += 1
            parts.append(self.chain(level + 1))
        return parts[0] if len(parts) == 1 else (name, *parts)

    def operand(self) -> Tree:
        token = self.token
        if token == "(":
            self.enter()
            inner = self.chain(0)
            if self.token != ")":
                self.fail("an operator as `and`, or `)`")
            self.leave()
            self.index += 1
            return inner
        if self.operator == "not":
            self.enter()
            inner = self.operand()
            self.leave()
            return ("not", inner)
        if token.lower() in _CONSTANTS:
            self.index += 1
            return _CONSTANTS[token.lower()]
        if not token.isidentifier() or self.operator:
            self.fail("a name, `true`, `false`, `not` or `(`")
        self.index += 1
        return token

    def enter(self) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            self.fail(f"at most {_DEEPEST} parentheses and negations inside each other")
        self.index += 1

    def leave(self) -> None:
        self.depth -= 1

    def fail(self, expected: str) -> NoReturn:
        token, place = self.tokens[self.index]
        _fail(self.text, place, repr(token) if token else "the end", expected)


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    place = 0
    while text[place:].strip():
        found = _TOKEN.match(text, place)
        if found is None:
            place += len(text[place:]) - len(text[place:].lstrip())
            _fail(text, place, repr(text[place]), _EXPECTED)
        yield found[found.lastindex or 0], found.start(found.lastindex or 0)
        place = found.end()


def _fail(text: str, place: int, found: str, expected: str) -> NoReturn:
    """Show the formula with a caret under the place (counted from 1)."""
    shown = "    " + re.sub(r"\s", " ", text) + "\n    " + " " * place + "^\n"
    raise BadArgument(
        f"The formula does not parse at position {place + 1}:\n{shown}",
        given=found,
        expected=expected,
    )
