"""How Sphinx builds the site, in build/docs, where `tools/docs_site.py` copies this folder."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rosenblatt import __version__

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "rosenblatt"
author = "the rosenblatt developers"
version = release = __version__
language = "en"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "index"
exclude_patterns = ["npz_loader.py"]

# Pages: Markdown, with links to headings as forges make them.
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]

# Lessons: `make notebooks` ran them.
nb_execution_mode = "off"
nb_merge_streams = True
nb_ipywidgets_js: dict[str, dict[str, str]] = {}

# The reference: single backquotes are code, as in the source.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_inherit_docstrings = True
python_maximum_signature_line_length = 88
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
add_module_names = False
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = "rosenblatt"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {"top_of_page_buttons": []}
pygments_style = "friendly"
pygments_dark_style = "monokai"


def escaped(text: str) -> str:
    """A text in which nothing but backquotes means anything, as our docstrings have it.

    Args:
        text: of a docstring, without its examples.
    """
    parts = re.split(r"`([^`]+)`", text)
    parts[::2] = [re.sub(r"([*|\\]|(?<=\w)_(?![\w:,]))", r"\\\1", part) for part in parts[::2]]
    for place in range(1, len(parts), 2):
        apart = "\\ " if re.match(r"\w", parts[place + 1]) else ""
        parts[place] = f"``{parts[place]}``{apart}"
    return "".join(parts)


def plain(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Make a docstring reStructuredText: a section's names on one line, and signs that are text."""
    text = "\n".join(lines)
    for _ in range(text.count("\n")):
        joined = re.sub(
            r"^( +(?:\w+, )*\w+,)\n +(?=(?:\w+, ?)*\w+[:,]$|(?:\w+, )*\w+: )",
            r"\1 ",
            text,
            flags=re.M,
        )
        if joined == text:
            break
        text = joined
    examples = re.split(r"((?:^ *>>> .*$\n?)(?:^ *\S.*$\n?)*)", text, flags=re.MULTILINE)
    examples[::2] = map(escaped, examples[::2])
    lines[:] = "".join(examples).split("\n")


def setup(app: Sphinx) -> None:
    """Have docstrings read so, before their sections are."""
    app.connect("autodoc-process-docstring", plain, priority=400)
