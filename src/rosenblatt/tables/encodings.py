"""How the text of a file is encoded, and its bytes as UTF-8."""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with a byte-order mark"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_CHUNK = 1 << 22
_MOST_BROKEN = 0.1  # of the characters beyond ASCII: more of them, and the text is not UTF-8


@dataclass(frozen=True)
class Encoding:
    """An encoding.

    Args:
        name: Python's name for it.
        called: what to call it in messages.
        errors: what Python is to do with broken characters.
        broken: whether there are some.
    """

    name: str
    called: str
    errors: str = "strict"
    broken: bool = False

    @property
    def is_utf_8(self) -> bool:
        """Whether the bytes need no change, as far as they are known."""
        return self.name in ("utf-8", "utf-8-sig") and not self.broken

    def notes(self) -> list[str]:
        """What is not as in most files."""
        return [] if self == UTF_8 else [f"The encoding is {self.called}."]


UTF_8 = Encoding("utf-8", "UTF-8")


def encoding_of(text: bytes, whole: bool = True) -> Encoding:
    """The encoding of a text, by its mark, else UTF-16 where every other byte is zero, else
    UTF-8, else that of Windows (cp1252), else Latin-1, in which any bytes are a text.

    Args:
        text: all of it, or its start.
        whole: whether it is all; else it may end within a character.

    >>> encoding_of("Köln".encode()).name, encoding_of("Köln".encode("cp1252")).name
    ('utf-8', 'cp1252')
    """
    for mark, name, called in _MARKS:
        if text.startswith(mark):
            return Encoding(name, called, "replace")
    for name, zeros, others in (
        ("utf-16-le", text[1::2], text[::2]),
        ("utf-16-be", text[::2], text[1::2]),
    ):
        if len(zeros) > 1 and zeros.count(0) > 0.7 * len(zeros) and others.count(0) == 0:
            return Encoding(name, "UTF-16", "replace")
    decoded = codecs.getincrementaldecoder("utf-8")("replace").decode(text, whole)
    broken = decoded.count("\ufffd") - text.count("\ufffd".encode())
    if not broken:
        return UTF_8
    beyond = len(decoded) - len(decoded.encode("ascii", "ignore"))
    if broken <= _MOST_BROKEN * beyond:
        return Encoding("utf-8", "UTF-8 with broken characters", "replace", True)
    try:
        text.decode("cp1252")
    except UnicodeDecodeError:
        return Encoding("latin-1", "Latin-1")
    return Encoding("cp1252", "cp1252")


def as_utf_8(text: bytes, encoding: Encoding) -> bytes:
    """A text in UTF-8, without a byte-order mark; decoded in parts, to save memory."""
    decoder = codecs.getincrementaldecoder(encoding.name)(encoding.errors)
    whole = io.BytesIO()
    view = memoryview(text)
    for start in range(0, len(text), _CHUNK):
        part = decoder.decode(bytes(view[start : start + _CHUNK]))
        whole.write(part.encode("utf-8", "replace"))
    whole.write(decoder.decode(b"", final=True).encode("utf-8", "replace"))
    return whole.getvalue()
