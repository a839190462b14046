"""A model as boxes and arrows."""

from __future__ import annotations

import importlib
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rosenblatt.core.errors import BadArgument
from rosenblatt.graph.picture import NO_ARROWS, Picture, Shown, path_to, picture_of
from rosenblatt.plots.figures import import_pyplot
from rosenblatt.plots.layered import Layout, layered

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# In points: of text, of the space around it, between boxes, and around an inner model.
_TEXT, _PAD, _GAP, _MARGIN = 10.0, 6.0, (18.0, 28.0), 12.0
_LINE = 1.6 * _TEXT
_EDGE = "#5a6b7b"
_COLORS = {"head": "#26323d", "fact": "white", "trained": "#2e7d32", "frozen": "#b3382c"}
_DIRECTIONS = ("TB", "BT", "LR", "RL")


def model_graph(
    model: Any,
    ax: Axes | None = None,
    *,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
) -> Axes:
    """Draw a model's layers as boxes, joined by arrows.

    A layer that is called twice is one box, with an arrow for each call. The layers of a subclassed
    model are listed without arrows, which are unknown before `call()` runs.

    Args:
        model: a Sequential, Functional or subclassed model.
        ax: where to draw; axes that fill a new figure if None.
        show_shapes: write the shapes of inputs and outputs into the boxes.
        show_dtype: write the outputs' dtypes.
        show_layer_names: write names beside classes.
        rankdir: where arrows point: "TB" down, "LR" to the right, "BT" up, "RL" to the left.
        expand_nested: draw inner models with their layers, inside a frame.
        show_layer_activations: write the activations.
        show_trainable: mark which layers with weights are trained.

    Returns:
        The axes, in points.

    Raises:
        ValueError: a model without layers, or an unknown direction.

    >>> import rosenblatt as rb
    >>> model = rb.Sequential([rb.layers.Dense(2, name="a"), rb.layers.Dense(1, name="b")])
    >>> [text.get_text() for text in model_graph(model, show_layer_names=True).texts]
    ['a (Dense)', 'b (Dense)']
    """
    if rankdir not in _DIRECTIONS:
        raise BadArgument(
            "model_graph: unknown `rankdir`.", given=repr(rankdir), expected=_DIRECTIONS
        )
    picture = picture_of(model, expand_nested)
    if not picture.boxes:
        raise BadArgument(f"model_graph: model {model.name!r} has no layers to draw.")
    show = Shown(show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable)
    placed = _place(picture, show, rankdir[0] in "LR")
    width, height = (side + 2 * _MARGIN for side in placed.size)
    if ax is None:
        figure = import_pyplot().figure(figsize=(width / 72, height / 72))
        ax = figure.add_axes((0, 0, 1, 1))
    ax.set_axis_off()
    ax.set_xlim(0, width)
    ax.set_ylim(height, 0)
    _Drawing(ax, rankdir, np.array([width, height])).draw(placed, np.array([_MARGIN, _MARGIN]))
    return ax


@dataclass
class _Placed:
    """A picture with the places of its boxes, inner pictures too."""

    picture: Picture
    size: tuple[float, float]
    layout: Layout
    lines: list[list[tuple[str, str]]]
    sizes: list[tuple[float, float]]
    inner: dict[int, _Placed]
    note: str | None  # below the boxes


def _place(picture: Picture, show: Shown, across: bool) -> _Placed:
    lines = [show.lines(box) for box in picture.boxes]
    inner = {
        i: _place(box.inner, show, across)
        for i, box in enumerate(picture.boxes)
        if box.inner is not None
    }
    sizes = [_size([text for text, _ in one]) for one in lines]
    for i, placed in inner.items():
        head = _width(picture.boxes[i].name)
        width, height = max(placed.size[0], head), placed.size[1] + _LINE
        sizes[i] = (width + 2 * _MARGIN, height + 2 * _MARGIN)
    # Without arrows the boxes are listed, one below the other.
    pairs = [(a.source, a.target) for a in picture.arrows] if picture.known else []
    if not picture.known:
        pairs = [(i, i + 1) for i in range(len(sizes) - 1)]
    gap = _GAP if picture.known else (_GAP[0], _PAD)
    if across:
        flipped = layered([(h, w) for w, h in sizes], pairs, gap)
        layout = Layout(
            flipped.size[::-1],
            [point[::-1] for point in flipped.centers],
            [[point[::-1] for point in bends] for bends in flipped.bends],
        )
    else:
        layout = layered(sizes, pairs, gap)
    note = None if picture.known else NO_ARROWS
    width, height = layout.size
    if note:
        width, height = max(width, _width(note)), height + _LINE + _PAD
    return _Placed(picture, (width, height), layout, lines, sizes, inner, note)


def _size(texts: list[str]) -> tuple[float, float]:
    return max(map(_width, texts)) + 2 * _PAD, _LINE * len(texts)


def _width(text: str) -> float:
    path = importlib.import_module("matplotlib.textpath").TextPath
    return float(path((0, 0), text, size=_TEXT).get_extents().width)


class _Drawing:
    """What draws placed pictures on axes."""

    def __init__(self, ax: Axes, rankdir: str, whole: np.ndarray):
        self.ax = ax
        self.across = rankdir[0] in "LR"
        self.axis = 0 if self.across else 1
        self.mirrored = rankdir in ("BT", "RL")
        self.whole = whole
        self.patches = importlib.import_module("matplotlib.patches")
        self.path = importlib.import_module("matplotlib.path").Path

    def at(self, point: np.ndarray | tuple[float, float]) -> np.ndarray:
        """Where a point of the layout is drawn."""
        place = np.array(point, float)
        if self.mirrored:
            place[self.axis] = self.whole[self.axis] - place[self.axis]
        return place

    def draw(self, placed: _Placed, corner: np.ndarray) -> None:
        """Draw a picture whose upper left corner is given."""
        for i, center in enumerate(placed.layout.centers):
            if i in placed.inner:
                self.frame(placed, i, corner)
            else:
                self.box(placed.lines[i], placed.sizes[i], self.at(corner + center))
        if placed.note:
            place = self.at(np.add(corner, (0, placed.size[1] - _LINE / 2)))
            self.ax.text(place[0], place[1], placed.note, size=_TEXT, va="center", style="italic")
        for arrow, bends in zip(placed.picture.arrows, placed.layout.bends, strict=False):
            start = self.end_of(placed, arrow.source, arrow.output, corner, end=False)
            stop = self.end_of(placed, arrow.target, arrow.input, corner, end=True)
            if stop[self.axis] < start[self.axis]:
                boxes = (arrow.source, arrow.target)
                wide = max(placed.sizes[i][1 - self.axis] for i in boxes)
                self.arrow_back(start, stop, wide / 2 + _GAP[0] / 2)
            else:
                self.arrow([start, *(corner + bend for bend in bends), stop])

    def inside(self, placed: _Placed, number: int, corner: np.ndarray) -> np.ndarray:
        """The upper left corner of the picture inside a frame."""
        width, height = placed.sizes[number]
        side = (width - placed.inner[number].size[0]) / 2
        # The name stands at the top of the frame, also where arrows point up.
        head = _MARGIN if self.mirrored and not self.across else _MARGIN + _LINE
        return corner + placed.layout.centers[number] + (side - width / 2, head - height / 2)

    def frame(self, placed: _Placed, number: int, corner: np.ndarray) -> None:
        """Draw an inner model: its name, its picture, a dashed line around them."""
        width, height = placed.sizes[number]
        middle = self.at(corner + placed.layout.centers[number])
        self.rectangle(middle, width, height, "none", linestyle="--")
        place = middle - (width / 2 - _MARGIN, height / 2 - _MARGIN)
        name = placed.picture.boxes[number].name
        self.ax.text(place[0], place[1], name, size=_TEXT, va="center", weight="bold")
        self.draw(placed.inner[number], self.inside(placed, number, corner))

    def box(self, lines: list[tuple[str, str]], size: tuple[float, float], at: np.ndarray) -> None:
        """Draw the lines of a layer, each on the color of its kind."""
        width, _ = size
        top = at[1] - size[1] / 2
        for row, (text, kind) in enumerate(lines):
            y = top + (row + 0.5) * _LINE
            self.rectangle(np.array([at[0], y]), width, _LINE, _COLORS[kind])
            color = "black" if kind == "fact" else "white"
            self.ax.text(at[0], y, text, size=_TEXT, color=color, ha="center", va="center")

    def rectangle(
        self, at: np.ndarray, width: float, height: float, color: str, **style: Any
    ) -> None:
        corner = (at[0] - width / 2, at[1] - height / 2)
        style = {"edgecolor": _EDGE, "linewidth": 0.8, **style}
        self.ax.add_patch(self.patches.Rectangle(corner, width, height, facecolor=color, **style))

    def end_of(
        self, placed: _Placed, number: int, place: int, corner: np.ndarray, *, end: bool
    ) -> np.ndarray:
        """Where an arrow leaves a box, or meets it, inside inner models too."""
        *outer, last = path_to(placed.picture, number, place, end=end)
        for i in outer:
            corner, placed = self.inside(placed, i, corner), placed.inner[i]
        half = np.array(placed.sizes[last]) / 2
        shift = half * ((1, 0) if self.across else (0, 1))
        middle = corner + placed.layout.centers[last]
        return middle - shift if end else middle + shift

    def arrow(self, points: list[Any]) -> None:
        """A curve through points, each passed in the direction of the picture."""
        curve = [points[0]]
        for a, b in itertools.pairwise(points):
            half = self.along((b[self.axis] - a[self.axis]) / 2)
            curve += [a + half, b - half, b]
        self.curve(curve)

    def arrow_back(self, start: np.ndarray, stop: np.ndarray, aside: float) -> None:
        """A curve to a box that is not farther down, around the boxes' side."""
        side = np.full(2, aside)
        side[self.axis] = 0
        out = self.along(0.9 * _GAP[1])
        middle = (start + stop) / 2 + side
        self.curve(
            [start, start + out, start + side + out, middle, stop + side - out, stop - out, stop]
        )

    def along(self, distance: float) -> np.ndarray:
        """A step in the direction of the picture."""
        step = np.zeros(2)
        step[self.axis] = distance
        return step

    def curve(self, points: list[Any]) -> None:
        """An arrow along a Bézier curve."""
        codes = [self.path.MOVETO] + [self.path.CURVE4] * (len(points) - 1)
        self.ax.add_patch(
            self.patches.FancyArrowPatch(
                path=self.path([self.at(point) for point in points], codes),
                arrowstyle="-|>", mutation_scale=_TEXT, color=_EDGE, linewidth=1.2,
                shrinkA=0, shrinkB=0,
            )
        )  # fmt: skip
