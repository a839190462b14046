"""Pictures of models, without a program to draw them."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rosenblatt.core.errors import BadArgument, nearest
from rosenblatt.core.refusing import refusing
from rosenblatt.graph.picture import Picture, Shown, path_to, picture_of
from rosenblatt.plots.figures import save_figure
from rosenblatt.plots.models import model_graph

_FORMATS = ("png", "svg", "pdf", "jpg", "jpeg", "webp", "eps", "ps", "tif", "tiff")
_MOST_PIXELS = 30_000  # of a side: the drawing library takes 65,535 at most


@refusing("`utils.plot_model`")
def plot_model(
    model: Any,
    to_file: str | os.PathLike[str] = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Any:
    """Draw a model to a file (see `plots.model_graph`, which draws it on axes).

    Args:
        model: a Sequential, Functional or subclassed model.
        to_file: the file; its ending says the format: .png, .svg, .pdf …
        show_shapes, show_dtype, show_layer_names: what the boxes say about a layer.
        rankdir: "TB" draws downwards, "LR" to the right.
        expand_nested: draw inner models with their layers.
        dpi: pixels per inch.
        show_layer_activations, show_trainable: what else the boxes tell.
        splines: accepted; arrows are curves.

    Returns:
        An image to display where IPython runs, None elsewhere.

    Raises:
        ValueError: an unknown ending, direction or a model without layers.
        ImportError: matplotlib is missing.

    >>> import tempfile
    >>> import rosenblatt as rb
    >>> model = rb.Sequential([rb.Input((4,)), rb.layers.Dense(2), rb.layers.Dense(1)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     plot_model(model, Path(folder) / "model.svg", show_shapes=True)
    """
    _refuse(plot_model, kwargs)
    path = Path(to_file)
    if not path.suffix:
        path = path.with_name(f"{path.name}.png")
    if path.suffix[1:].lower() not in _FORMATS:
        raise BadArgument(
            "plot_model: the ending of `to_file` names no format.",
            given=repr(str(to_file)),
            expected=f"one of {', '.join('.' + end for end in _FORMATS)}",
        )
    axes = model_graph(
        model,
        show_shapes=show_shapes,
        show_dtype=show_dtype,
        show_layer_names=show_layer_names,
        rankdir=rankdir,
        expand_nested=expand_nested,
        show_layer_activations=show_layer_activations,
        show_trainable=show_trainable,
    )
    inches = max(axes.figure.get_size_inches())  # type: ignore[union-attr]
    save_figure(axes, path, dpi=min(dpi, int(_MOST_PIXELS / inches)))
    return _displayed(path)


def _displayed(path: Path) -> Any:
    """The file as an object that a notebook shows."""
    if "IPython" not in sys.modules or sys.modules["IPython"].get_ipython() is None:
        return None
    display = importlib.import_module("IPython.display")
    if path.suffix == ".svg":
        return display.SVG(filename=str(path))
    return display.Image(filename=str(path)) if path.suffix in (".png", ".jpg", ".jpeg") else None


@refusing("`utils.model_to_dot`")
def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> str:
    """A model in the DOT language, for programs that read it (`plot_model` needs none).

    Args:
        model: a Sequential, Functional or subclassed model.
        show_shapes, show_dtype, show_layer_names: what the boxes say about a layer.
        rankdir: "TB" draws downwards, "LR" to the right.
        expand_nested: inner models become clusters.
        dpi: pixels per inch.
        subgraph: give the cluster alone.
        show_layer_activations, show_trainable: what else the boxes tell.
        splines: how arrows are drawn.

    Returns:
        The text.

    Reference: E. R. Gansner, E. Koutsofios, S. C. North, K.-P. Vo, A technique for drawing directed
    graphs, IEEE Transactions on Software Engineering 19(3), 1993.

    >>> import rosenblatt as rb
    >>> print(model_to_dot(rb.Sequential([rb.layers.Dense(2, name="a")], name="m")))
    digraph "m" {
      rankdir="TB"; dpi="200"; splines="ortho"; concentrate="true";
      node [shape="record", fontname="Helvetica"];
      "a" [label="{a (Dense)}"];
    }
    """
    _refuse(model_to_dot, kwargs)
    show = Shown(show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable)
    picture = picture_of(model, expand_nested)
    body = _statements(picture, show, ())
    if subgraph:
        return "\n".join([f"subgraph {_quoted('cluster_' + model.name)} {{", *body, "}"])
    settings = {"rankdir": rankdir, "dpi": dpi, "splines": splines, "concentrate": "true"}
    head = " ".join(f'{key}="{value}";' for key, value in settings.items())
    return "\n".join(
        [
            f"digraph {_quoted(model.name)} {{",
            f"  {head}",
            '  node [shape="record", fontname="Helvetica"];',
            *body,
            "}",
        ]
    )


def _statements(picture: Picture, show: Shown, outer: tuple[str, ...]) -> list[str]:
    indent = "  " * (len(outer) + 1)
    lines = []
    for box in picture.boxes:
        path = (*outer, box.name)
        if box.inner is None:
            label = "|".join(_escaped(text) for text, _ in show.lines(box))
            lines.append(f'{indent}{_quoted("/".join(path))} [label="{{{label}}}"];')
        else:
            lines.append(f"{indent}subgraph {_quoted('cluster_' + '/'.join(path))} {{")
            lines.append(f'{indent}  label={_quoted(box.name)}; style="dashed"; labeljust="l";')
            lines += [*_statements(box.inner, show, path), indent + "}"]
    arrows = []
    for arrow in picture.arrows:
        ends = []
        for number, place, end in (
            (arrow.source, arrow.output, False),
            (arrow.target, arrow.input, True),
        ):
            names, inner = list(outer), picture
            for i in path_to(picture, number, place, end=end):
                names.append(inner.boxes[i].name)
                inner = inner.boxes[i].inner or inner
            ends.append(_quoted("/".join(names)))
        arrows.append(f"{indent}{' -> '.join(ends)};")
    return lines + list(dict.fromkeys(arrows))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _escaped(text: str) -> str:
    """Text within a record's label, where some signs divide it."""
    return "".join("\\" + sign if sign in '\\"{}|<>' else sign for sign in text)


def _refuse(function: Callable[..., Any], kwargs: dict[str, Any]) -> None:
    for wrong in kwargs:
        known = set(inspect.signature(function).parameters) - {"model", "kwargs"}
        raise BadArgument(
            f"{function.__name__} has no argument {wrong!r}.", fix=nearest(wrong, known)
        )
