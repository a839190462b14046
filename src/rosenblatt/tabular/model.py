"""A model for tables as one graph, from raw columns to predictions, and as one file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rosenblatt import ops
from rosenblatt.core.errors import FileRefused
from rosenblatt.core.registry import builtin
from rosenblatt.core.types import Config
from rosenblatt.layers.activation import Activation
from rosenblatt.layers.input import Input
from rosenblatt.layers.preprocessing.rescaling import Rescaling
from rosenblatt.layers.tabular.host import ColumnStack
from rosenblatt.models.model import Functional
from rosenblatt.tabular.calibration import Temperature
from rosenblatt.tabular.encoding import Category, ColumnEncoder, Cross, Encoder
from rosenblatt.tabular.intervals import Conformal
from rosenblatt.tabular.predictor import Predictor, Scale
from rosenblatt.tabular.task import Task

NETWORK = "network"
_COLUMNS, _CROSSES, _PREDICTOR = "columns", "crosses", "predictor"


@builtin("rosenblatt.tabular")
class TableModel(Functional):
    """A model whose inputs are the raw columns of a table, by name.

    Its first layers read numbers, dates and words as they come and hold what they learned of the
    training rows, so the file that `save` writes needs nothing beside it.

    Attributes:
        description: what else belongs to the model, as plain data: the kinds of the columns, the
            classes, intervals, scores. It is kept in the file.
    """

    takes_columns = True
    saved_packed = True  # a file of a third of the size, which takes a few times as long to write
    description: Mapping[str, Any] = {}

    def get_config(self) -> Config:
        """The graph, and the description."""
        return {**super().get_config(), "description": dict(self.description)}

    @classmethod
    def from_config(
        cls, config: Config, custom_objects: Mapping[str, Any] | None = None
    ) -> TableModel:
        """The model of a config, with new weights."""
        config = dict(config)
        description = config.pop("description", {})
        model: TableModel = super().from_config(config, custom_objects)
        model.description = description
        return model


def as_model(predictor: Predictor, text: Mapping[str, bool], more: Mapping[str, Any]) -> TableModel:
    """A predictor as one model.

    Args:
        predictor: it.
        text: by column, whether it held text when it was fitted.
        more: what the description says beside what the predictor needs.
    """
    inputs: dict[str, Any] = {}
    parts: dict[str, list[Any]] = {"numbers": [], "means": [], "codes": [], "words": []}
    known: dict[tuple[int, int], Any] = {}
    for place, one in enumerate(predictor.encoder.columns):
        raw = inputs[one.name] = Input(
            (), dtype="string" if text[one.name] else "float32", name=f"column_{place}"
        )
        parsed = None if one.parse is None else one.parse(raw)
        if parsed is not None:
            parts["numbers"].append(parsed)
        if one.words is not None:
            parts["words"].append(one.words(raw))
        for number, category in enumerate(one.categories):
            codes = known[place, number] = category.index(parsed if category.parsed else raw)
            if category.coded:
                parts["codes"].append(codes)
            if category.means is not None:
                parts["means"].append(category.means(codes))
    for cross in predictor.encoder.crosses:
        parts["means"].append(cross.means(cross.index([known[part] for part in cross.parts])))
    parts["numbers"] += parts.pop("means")
    stacked = {name: ColumnStack(name=name)(tensors) for name, tensors in parts.items() if tensors}
    outputs = _predictions(predictor, predictor.network(stacked))
    model = TableModel(inputs, outputs, name="table")  # type: ignore[arg-type]
    model.description = {
        **more,
        _COLUMNS: [_described(one) for one in predictor.encoder.columns],
        _CROSSES: [
            {"parts": cross.parts, "index": cross.index.name, "means": cross.means.name}
            for cross in predictor.encoder.crosses
        ],
        _PREDICTOR: _facts(predictor),
    }
    return model


def _predictions(predictor: Predictor, outputs: Any) -> Any:
    """Logits as probabilities, or a quantity in its own units."""
    scale = predictor.scale
    if scale is not None:
        units = Rescaling(scale.spread, scale.mean, name="units")(outputs)
        return ops.clip(units, scale.low, scale.high)
    sharpness = 1 / predictor.temperature.value
    if sharpness != 1:
        outputs = Rescaling(sharpness, name="temperature")(outputs)
    activation = "sigmoid" if predictor.task.kind == "two classes" else "softmax"
    return Activation(activation, name="probabilities")(outputs)


def _described(one: ColumnEncoder) -> dict[str, Any]:
    """A column's layers by their names in the model."""
    return {
        "name": one.name,
        "parse": None if one.parse is None else one.parse.name,
        "words": None if one.words is None else one.words.name,
        "categories": [
            {
                "index": category.index.name,
                "parsed": category.parsed,
                "coded": category.coded,
                "means": None if category.means is None else category.means.name,
            }
            for category in one.categories
        ],
    }


def _facts(predictor: Predictor) -> dict[str, Any]:
    scale, conformal = predictor.scale, predictor.conformal
    return {
        "task": predictor.task.to_config(),
        "scale": None if scale is None else [scale.mean, scale.spread, scale.low, scale.high],
        "temperature": predictor.temperature.to_config(),
        "conformal": None if conformal is None else conformal.to_config(),
    }


def as_predictor(model: TableModel) -> Predictor:
    """The predictor of a model, such as one of a file.

    Raises:
        ValueError: a model that was not made by `as_model`.
    """
    try:
        columns, facts = model.description[_COLUMNS], model.description[_PREDICTOR]
        scale, conformal = facts["scale"], facts["conformal"]
        return Predictor(
            Encoder(
                tuple(_column(model, one) for one in columns),
                tuple(_cross(model, one) for one in model.description[_CROSSES]),
            ),
            model.get_layer(NETWORK),
            Task.from_config(facts["task"]),
            None if scale is None else Scale(*scale),
            Temperature.from_config(facts["temperature"]),
            None if conformal is None else Conformal.from_config(conformal),
        )
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise FileRefused(
            "The model's description is damaged, or of another version.",
            given=f"{type(error).__name__}: {error}",
            fix="train again.",
        ) from error


def _column(model: TableModel, one: Mapping[str, Any]) -> ColumnEncoder:
    def layer(name: str | None) -> Any:
        return None if name is None else model.get_layer(name)

    return ColumnEncoder(
        one["name"],
        layer(one["parse"]),
        tuple(
            Category(layer(c["index"]), c["parsed"], c["coded"], layer(c["means"]))
            for c in one["categories"]
        ),
        layer(one["words"]),
    )


def _cross(model: TableModel, one: Mapping[str, Any]) -> Cross:
    parts = tuple((int(column), int(category)) for column, category in one["parts"])
    return Cross(parts, model.get_layer(one["index"]), model.get_layer(one["means"]))
