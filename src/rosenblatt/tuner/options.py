"""What oracles and searches take beside arguments of their own: each is declared here, once."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict, TypeVar, cast

from rosenblatt.core.errors import UnknownName, nearest
from rosenblatt.core.types import Identifier, PathLike
from rosenblatt.tuner.hyperparameters import HyperParameters
from rosenblatt.tuner.oracle import Oracle

Init = TypeVar("Init", bound=Callable[..., None])


class Space(TypedDict, total=False):
    """What every oracle takes last, in Keras Tuner's order; `Oracle` has meaning and defaults."""

    seed: int | None
    hyperparameters: HyperParameters | None
    allow_new_entries: bool
    tune_new_entries: bool
    max_retries_per_trial: int
    max_consecutive_failed_trials: int


class TunerOptions(TypedDict, total=False):
    """What `Tuner` takes beside oracle and hypermodel; see there."""

    max_model_size: int | None
    optimizer: Identifier
    loss: Identifier | Sequence[Identifier]
    metrics: Sequence[Any] | Mapping[str, Any] | None
    distribution_strategy: None
    directory: PathLike | None
    project_name: str | None
    logger: object
    tuner_id: str | None
    overwrite: bool
    executions_per_trial: int
    keep_best: int
    max_bytes: int
    workers: int | None
    max_seconds: float | None
    target: float | None


class SearchOptions(Space, TunerOptions, total=False):
    """What every search takes last: the space, and a tuner's options."""


ORACLE = tuple(Space.__annotations__)
SEARCH = (*ORACLE[:2], "tune_new_entries", "allow_new_entries", *ORACLE[4:])
"""Keras Tuner's order of `Space` in searches."""


def by_position(names: tuple[str, ...]) -> Callable[[Init], Init]:
    """Let a constructor take `Space`, which is in its `**`, by position too.

    `inspect` and `help` show these arguments behind the constructor's own, with the defaults of
    `Oracle`.

    Args:
        names: of `Space`, in their order: `ORACLE` or `SEARCH`.
    """

    def decorate(init: Init) -> Init:
        common = inspect.signature(Oracle).parameters
        *own, more = inspect.signature(init).parameters.values()
        rest = [more] if names is SEARCH else []
        signature = inspect.Signature([*own, *(common[name] for name in names), *rest])

        @functools.wraps(init)
        def taking(*args: Any, **kwargs: Any) -> None:
            given = signature.bind(*args, **kwargs).arguments
            init(**given.pop(more.name, {}), **given)

        taking.__signature__ = signature  # type: ignore[attr-defined]
        return cast(Init, taking)

    return decorate


def divided(options: SearchOptions) -> tuple[Space, TunerOptions]:
    """The options of a search: those of its oracle, and those of its tuner."""
    space = {name: value for name, value in options.items() if name in ORACLE}
    tuner = {name: value for name, value in options.items() if name not in ORACLE}
    return cast(Space, space), cast(TunerOptions, tuner)


def refuse_unknown(tuner: type, given: Mapping[str, Any]) -> None:
    """Refuse arguments that no constructor of a tuner has.

    Args:
        tuner: its class.
        given: what is left of the arguments.

    Raises:
        ValueError: the first of them, with the nearest name.
    """
    for name in given:
        constructors = [base.__dict__.get("__init__") for base in tuner.__mro__[:-1]]
        known = {n for one in constructors if one for n in inspect.signature(one).parameters}
        raise UnknownName(
            f"{tuner.__name__}: unknown argument {name!r}.",
            fix=nearest(name, sorted(known - {"self", "kwargs", "options"})),
        )
