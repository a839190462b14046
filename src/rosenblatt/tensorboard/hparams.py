"""Hyperparameters and the metrics they lead to, for TensorBoard's HPARAMS page."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rosenblatt.core.errors import WrongType
from rosenblatt.tensorboard import events, library
from rosenblatt.tensorboard.writer import SummaryWriter, current

_STRING, _BOOL, _NUMBER = 1, 2, 3  # api.proto: DataType
_SUCCESS = 1  # api.proto: Status


@dataclass(frozen=True)
class Interval:
    """All numbers from one to another."""

    min_value: float
    max_value: float


class RealInterval(Interval):
    """Real numbers of an interval."""


class IntInterval(Interval):
    """Whole numbers of an interval, ends included."""


@dataclass(frozen=True)
class Discrete:
    """One of some values, all numbers, all strings or all booleans."""

    values: Sequence[Any]


@dataclass(frozen=True)
class HParam:
    """A hyperparameter: its name, its domain, how it is shown."""

    name: str
    domain: Interval | Discrete | None = None
    display_name: str | None = None
    description: str | None = None


@dataclass(frozen=True)
class Metric:
    """A scalar to compare trials by.

    Args:
        tag: its tag, e.g. "epoch_loss".
        group: the run below the trial's, e.g. "validation"; none if None.
        display_name: how it is shown.
        description: Markdown.
    """

    tag: str
    group: str | None = None
    display_name: str | None = None
    description: str | None = None


def hparams(
    values: Mapping[Any, Any], trial_id: str | None = None, start_time_secs: float | None = None
) -> bool:
    """Write the hyperparameters of one trial; its metrics belong in the same run.

    Args:
        values: names, or `HParam` objects, to bools, numbers or strings.
        trial_id: trials of one name are one group; by default a hash of the values.
        start_time_secs: seconds since 1970; now if None.

    Returns:
        Whether they were written.

    Raises:
        TypeError: a value of another kind.
    """
    named = {getattr(key, "name", key): _plain(key, value) for key, value in values.items()}
    if trial_id is None:
        text = json.dumps(named, sort_keys=True, separators=(",", ":"))
        trial_id = hashlib.sha256(text.encode()).hexdigest()
    info = _plugin_data().SessionStartInfo(
        group_name=trial_id,
        start_time_secs=time.time() if start_time_secs is None else start_time_secs,
    )
    for name, value in named.items():
        _fill(info.hparams[name], value)
    return _write("session_start_info", session_start_info=info)


def hparams_config(hparams: Iterable[HParam], metrics: Iterable[Metric]) -> bool:
    """Write which hyperparameters and metrics an experiment has, at the top of its folder.

    Args:
        hparams: the hyperparameters with their domains.
        metrics: the metrics.

    Returns:
        Whether it was written.
    """
    api = library.load("tensorboard.plugins.hparams.api_pb2")
    experiment = api.Experiment()
    for parameter in hparams:
        info = experiment.hparam_infos.add(
            name=parameter.name,
            display_name=parameter.display_name or "",
            description=parameter.description or "",
        )
        _fill_domain(info, parameter.domain)
    for metric in metrics:
        experiment.metric_infos.add(
            name=api.MetricName(group=metric.group or "", tag=metric.tag),
            display_name=metric.display_name or "",
            description=metric.description or "",
        )
    return _write("experiment", experiment=experiment)


def session_end(end_time_secs: float | None = None) -> bool:
    """Write that a trial is over, and went well.

    Args:
        end_time_secs: seconds since 1970; now if None.
    """
    seconds = time.time() if end_time_secs is None else end_time_secs
    info = _plugin_data().SessionEndInfo(status=_SUCCESS, end_time_secs=seconds)
    return _write("session_end_info", session_end_info=info)


def _plugin_data() -> Any:
    return library.load("tensorboard.plugins.hparams.plugin_data_pb2")


def _write(kind: str, **content: Any) -> bool:
    now = current()
    if not now.on():
        return False
    data = _plugin_data().HParamsPluginData(**content).SerializeToString()
    # The plugin reads the metadata alone; the value is empty.
    tensor = events.tensor_proto(np.zeros(0, "float32"))
    assert isinstance(now.writer, SummaryWriter)
    now.writer.value(f"_hparams_/{kind}", tensor, 0, events.metadata("hparams", content=data))
    return True


def _plain(key: Any, value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (bool, int, float, str)):
        return value
    raise WrongType(
        f"hparams: bad value of {getattr(key, 'name', key)!r}.",
        given=f"{type(value).__name__}: {value!r}",
        expected="a bool, a number or a string",
    )


def _fill(field: Any, value: Any) -> None:
    if isinstance(value, bool):
        field.bool_value = value
    elif isinstance(value, str):
        field.string_value = value
    else:
        field.number_value = value


def _fill_domain(info: Any, domain: Interval | Discrete | None) -> None:
    if isinstance(domain, Interval):
        info.type = _NUMBER
        info.domain_interval.min_value = domain.min_value
        info.domain_interval.max_value = domain.max_value
    elif domain is not None:
        kinds = {_kind(value) for value in domain.values}
        if len(kinds) != 1:
            raise WrongType(
                f"Discrete: bad values of {info.name!r}.",
                given=list(domain.values),
                expected="values of one kind: bools, numbers or strings",
            )
        info.type = kinds.pop()
        info.domain_discrete.extend(sorted(domain.values))


def _kind(value: Any) -> int:
    return _BOOL if isinstance(value, bool) else _STRING if isinstance(value, str) else _NUMBER
