"""MultiOptimizer: several optimizers, each for its part of a model's variables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any, Self

from rosenblatt.core.errors import BadArgument, WrongType, explain
from rosenblatt.core.registry import builtin
from rosenblatt.core.serialization import deserialize_keras_object, serialize_keras_object
from rosenblatt.core.types import Config
from rosenblatt.core.variable import Variable
from rosenblatt.optimizers.base import Optimizer, family
from rosenblatt.optimizers.loss_scale import LossScaleOptimizer


@builtin("keras.optimizers")
class OptimizerMap(MutableMapping[str, Optimizer]):
    """Which optimizer a variable belongs to: that of its path, else of the one pattern that fits.

    Args:
        default_optimizer: the optimizer where no key fits.
        optimizer_map: paths of variables, or regular expressions that fit whole paths, to
            optimizers.

    Raises:
        TypeError: no optimizer as default, or something else than a dict.
        ValueError: a value that is not an optimizer, or one around others.

    >>> from rosenblatt.optimizers import SGD, Adam
    >>> chosen = OptimizerMap(SGD(), {"encoder/.*": Adam()})
    >>> [type(chosen[path]).__name__ for path in ("encoder/dense/kernel", "head/kernel")]
    ['Adam', 'SGD']
    """

    def __init__(
        self, default_optimizer: Optimizer, optimizer_map: dict[str, Optimizer] | None = None
    ):
        given = {} if optimizer_map is None else optimizer_map
        for argument, value, kind, expected in (
            ("default_optimizer", default_optimizer, Optimizer, "an `Optimizer` object"),
            ("optimizer_map", given, dict, "a dict from paths to optimizers"),
        ):
            if not isinstance(value, kind):
                raise WrongType(
                    f"OptimizerMap: bad `{argument}`.", given=repr(value), expected=expected
                )
        self.default_optimizer = default_optimizer
        self._optimizer_map: dict[str, Optimizer] = {}
        for key, one in given.items():
            _check_inner(one, f"key {key!r} of `optimizer_map`")
        self.update(given)

    def __getitem__(self, key: str) -> Optimizer:
        """The optimizer of a variable's path.

        Raises:
            ValueError: several patterns fit.
        """
        if key in self._optimizer_map:
            return self._optimizer_map[key]
        fitting = [pattern for pattern in self._optimizer_map if re.fullmatch(pattern, key)]
        if len(fitting) > 1:
            raise BadArgument(
                f"OptimizerMap: several patterns fit variable {key!r}.",
                given=fitting,
                fix="narrow them, or enter the variable's path itself.",
            )
        return self._optimizer_map[fitting[0]] if fitting else self.default_optimizer

    def __setitem__(self, key: str, optimizer: Optimizer) -> None:
        if not isinstance(key, str) or key in self._optimizer_map:
            raise BadArgument(
                "OptimizerMap: bad key.",
                given=repr(key),
                expected="a string that is not in the map yet",
            )
        _check_inner(optimizer, f"key {key!r}")
        self._optimizer_map[key] = optimizer

    def __delitem__(self, key: str) -> None:
        del self._optimizer_map[key]

    def __len__(self) -> int:
        return len(self._optimizer_map)

    def __iter__(self) -> Iterator[str]:
        return iter(self._optimizer_map)

    def __call__(self, variable: Variable) -> Optimizer:
        """The optimizer of a variable."""
        return self[variable.path]

    def get_config(self) -> Config:
        """Every argument."""
        return {
            "default_optimizer": serialize_keras_object(self.default_optimizer),
            "optimizer_map": serialize_keras_object(self._optimizer_map),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """The map of a config."""
        return cls(**{k: deserialize_keras_object(v, custom_objects) for k, v in config.items()})


def _check_inner(optimizer: Any, place: str) -> None:
    around_others = isinstance(optimizer, (LossScaleOptimizer, MultiOptimizer))
    if around_others or not isinstance(optimizer, Optimizer):
        raise BadArgument(
            f"Not an optimizer that can share a model, for {place}.",
            given=repr(optimizer),
            expected="an object of an `Optimizer` class other than LossScaleOptimizer and "
            "MultiOptimizer",
        )


@family.entry()
class MultiOptimizer(Optimizer):
    """Every variable takes the step of the optimizer it is mapped to.

    Each optimizer clips, averages and counts what is its own; learning rates are set there
    (`optimizer.optimizers[0].learning_rate = 0.1`).

    Args:
        optimizer_map: an `OptimizerMap`, or a function from a variable to its optimizer.
        loss_scale_factor: replaces that of the inner optimizers.
        name: its name.

    Raises:
        ValueError: when it is built, a variable whose optimizer is none.

    >>> from rosenblatt.optimizers import SGD, Adam
    >>> chosen = MultiOptimizer(OptimizerMap(SGD(), {".*bias": Adam()}))
    >>> [type(one).__name__ for one in chosen.optimizers]
    ['Adam', 'SGD']
    """

    learning_rate_source = None
    untraced = (*Optimizer.untraced, "_optimizer_map")  # asked when it is built

    def __init__(
        self,
        optimizer_map: OptimizerMap | Callable[[Variable], Optimizer],
        loss_scale_factor: float | None = None,
        name: str | None = None,
    ):
        super().__init__(0.0, loss_scale_factor=loss_scale_factor, name=name)
        self._optimizer_map = optimizer_map
        self._optimizer_of: list[int] = []
        self._inner_optimizers: list[Optimizer] = []
        if isinstance(optimizer_map, OptimizerMap):
            for optimizer in (*optimizer_map.values(), optimizer_map.default_optimizer):
                self._enter(optimizer)

    def _enter(self, optimizer: Optimizer) -> int:
        """The place of an optimizer, which is new or known."""
        for place, known in enumerate(self._inner_optimizers):
            if known is optimizer:
                return place
        optimizer.loss_scale_factor = self.loss_scale_factor
        self._inner_optimizers.append(optimizer)
        return len(self._inner_optimizers) - 1

    def build(self, variables: Sequence[Variable]) -> None:
        """Ask for each variable's optimizer, and build them."""
        if self.built:
            return
        self._optimizer_of = []
        for variable in variables:
            optimizer = self._optimizer_map(variable)
            _check_inner(optimizer, f"variable {variable.path!r}")
            self._optimizer_of.append(self._enter(optimizer))
        super().build(variables)
        for optimizer, part in self._parts(self._trainable_variables):
            optimizer.build([variable for _, variable in part])

    def _parts(
        self, variables: Sequence[Variable]
    ) -> list[tuple[Optimizer, list[tuple[int, Variable]]]]:
        """Each optimizer that has some of the variables, with them and their places."""
        parts: dict[int, list[tuple[int, Variable]]] = {}
        for place, variable in enumerate(variables):
            owner = self._optimizer_of[self._get_variable_index(variable)]
            parts.setdefault(owner, []).append((place, variable))
        return [(self._inner_optimizers[owner], parts[owner]) for owner in sorted(parts)]

    @property
    def optimizers(self) -> list[Optimizer]:
        """The inner optimizers."""
        return self._inner_optimizers

    @property
    def variables(self) -> list[Variable]:
        """Its own, then those of each inner optimizer."""
        inner = (v for one in self._inner_optimizers for v in one.variables)
        return [*super().variables, *inner]

    @property  # type: ignore[misc]
    def learning_rate(self) -> Any:
        """There is none: each inner optimizer has its own.

        Raises:
            AttributeError: always.
        """
        raise AttributeError(self._no_rate())

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        raise AttributeError(self._no_rate())

    def _no_rate(self) -> str:
        return explain(
            f"Optimizer {self.name!r} has no learning rate of its own.",
            fix="use those of the inner ones, `optimizer.optimizers[0].learning_rate`.",
        )

    @property  # type: ignore[misc]
    def loss_scale_factor(self) -> float | None:
        """What the loss is multiplied and gradients are divided by, in every inner optimizer."""
        return self._loss_scale_factor

    @loss_scale_factor.setter
    def loss_scale_factor(self, factor: float | None) -> None:
        self._loss_scale_factor = factor
        for optimizer in self.__dict__.get("_inner_optimizers", ()):
            optimizer.loss_scale_factor = factor

    def apply(
        self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None
    ) -> None:
        """Let each inner optimizer take its step."""
        grads = list(grads)
        if not grads:
            return
        for optimizer, part in self._parts(self._variables_of(grads, trainable_variables)):
            optimizer.apply([grads[place] for place, _ in part], [v for _, v in part])
        self._iterations.assign(self._iterations.value + 1)

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Each inner optimizer's."""
        for optimizer, part in self._parts(var_list):
            optimizer.finalize_variable_values([v for _, v in part])

    def get_config(self) -> Config:
        """Every argument."""
        return {
            "optimizer_map": serialize_keras_object(self._optimizer_map),
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Self:
        """The optimizer of a config."""
        chosen = deserialize_keras_object(config["optimizer_map"], custom_objects)
        return cls(**{**config, "optimizer_map": chosen})
