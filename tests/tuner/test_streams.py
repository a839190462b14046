"""Streams given to `search`: what `fit` takes, each trial gets, whole and from its beginning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt import tuner as kt
from rosenblatt.tuner.errors import FatalValueError
from rosenblatt.tuner.search_arguments import Replayed

X = np.random.default_rng(0).normal(size=(96, 3)).astype("float32")
Y = (X[:, 0] - X[:, 1]).astype("float32")


def build(hp: kt.HyperParameters) -> Any:
    model = rb.Sequential([rb.Input((3,)), rb.layers.Dense(1)])
    model.compile(rb.optimizers.Adam(hp.Float("rate", 1e-3, 1e-1, sampling="log")), "mse")
    return model


class Batches(rb.utils.PyDataset):
    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> Any:
        rows = slice(16 * index, 16 * index + 16)
        return X[rows], Y[rows]


class Loader:
    """As tf.data and PyTorch's DataLoader are: an iterable that starts again, with a length."""

    def __len__(self) -> int:
        return 6

    def __iter__(self) -> Iterator[Any]:
        return batches()


class Unsized:
    """As a tf.data pipeline of unknown length."""

    def cardinality(self) -> int:
        return -2

    def __iter__(self) -> Iterator[Any]:
        return batches()


def batches() -> Iterator[Any]:
    for begin in range(0, 96, 16):
        yield X[begin : begin + 16], Y[begin : begin + 16]


def forever() -> Iterator[Any]:
    while True:
        yield from batches()


def one_buffer() -> Iterator[Any]:
    """It gives the same arrays again, filled anew."""
    x, y = np.empty((16, 3), "float32"), np.empty(16, "float32")
    for one, other in batches():
        x[:], y[:] = one, other
        yield x, y


def torch_loader() -> Any:
    torch = pytest.importorskip("torch")
    data = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(Y))
    return torch.utils.data.DataLoader(data, batch_size=16)


STREAMS: dict[str, Callable[[], Any]] = {
    "PyDataset": Batches,
    "an iterable with a length": Loader,
    "an iterable of unknown length": Unsized,
    "a DataLoader": torch_loader,
    "a generator": batches,
    "a generator that reuses arrays": one_buffer,
}


def scores(folder: Path, *args: Any, workers: int = 1, **kwargs: Any) -> list[float]:
    tuner = kt.RandomSearch(
        build, "val_loss", max_trials=3, seed=1, directory=folder, workers=workers
    )
    tuner.search(*args, epochs=3, verbose=0, **kwargs)
    assert {trial.status for trial in tuner.oracle.trials.values()} == {"COMPLETED"}
    return [tuner.oracle.trials[name].score for name in sorted(tuner.oracle.trials)]


@pytest.fixture(scope="module")
def of_arrays(tmp_path_factory: pytest.TempPathFactory) -> list[float]:
    return scores(tmp_path_factory.mktemp("a"), X, Y, validation_data=(X, Y), shuffle=False,
                  batch_size=16)  # fmt: skip


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("kind", STREAMS)
def test_validation_data(kind: str, workers: int, of_arrays: list[float], tmp_path: Path) -> None:
    options = {"shuffle": False, "batch_size": 16, "workers": workers}
    found = scores(tmp_path, X, Y, validation_data=STREAMS[kind](), **options)
    assert found == pytest.approx(of_arrays, rel=1e-5)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("named", [False, True])
def test_training_data(
    kind: str, named: bool, workers: int, of_arrays: list[float], tmp_path: Path
) -> None:
    data = STREAMS[kind]()
    options = {"shuffle": False, "workers": workers, "validation_data": (X, Y)}
    given, options = ((), {**options, "x": data}) if named else ((data,), options)
    assert scores(tmp_path, *given, **options) == pytest.approx(of_arrays, rel=1e-5)


@pytest.mark.parametrize("workers", [1, 2])
def test_generators_without_an_end(workers: int, of_arrays: list[float], tmp_path: Path) -> None:
    """Each trial takes its steps from the first batch on, whichever it is."""
    found = scores(tmp_path, forever(), steps_per_epoch=6, validation_data=forever(),
                   validation_steps=6, workers=workers)  # fmt: skip
    assert found == pytest.approx(of_arrays, rel=1e-5)


def test_a_wrong_stream_is_refused_before_the_first_trial(tmp_path: Path) -> None:
    wrong = ((x[:, :2], y) for x, y in batches())
    with pytest.raises(FatalValueError, match="No trial was begun"):
        scores(tmp_path, X, Y, validation_data=wrong)
    assert not list(tmp_path.rglob("journal.jsonl"))


def test_an_error_of_a_generator_reaches_every_trial(tmp_path: Path) -> None:
    def broken() -> Iterator[Any]:
        yield X[:16], Y[:16]
        raise KeyError("the file is gone")

    tuner = kt.RandomSearch(build, "val_loss", max_trials=2, directory=tmp_path, workers=1)
    tuner.search(X, Y, epochs=1, verbose=0, validation_data=broken())
    for trial in tuner.oracle.trials.values():
        assert trial.status == "FAILED"
        assert "the file is gone" in str(trial.message)


def test_readers_do_not_see_each_other() -> None:
    drawn: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(5):
            drawn.append(number)
            yield number

    replayed = Replayed(numbers())
    one, other = iter(replayed), iter(replayed)
    assert [next(one), next(one), next(other)] == [0, 1, 0]
    assert drawn == [0, 1]
    assert list(one) == [2, 3, 4]
    assert list(other) == [1, 2, 3, 4]
    assert drawn == list(range(5))


class Passes(kt.HyperModel):
    """As Keras Tuner's guides write it: the arguments are passed on."""

    def build(self, hp: Any) -> Any:
        return build(hp)

    def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        return model.fit(*args, **kwargs)


class Draws(Passes):
    """It takes batches from the generator itself."""

    def fit(self, hp: Any, model: Any, rows: Any, **kwargs: Any) -> Any:
        taken = [next(rows) for _ in range(6)]
        x, y = (np.concatenate(parts) for parts in zip(*taken, strict=True))
        return model.fit(x, y, batch_size=16, **kwargs)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("kind", [Passes, Draws])
def test_a_fit_of_ones_own(
    kind: type[Passes], workers: int, of_arrays: list[float], tmp_path: Path
) -> None:
    tuner = kt.RandomSearch(
        kind(), "val_loss", max_trials=3, seed=1, directory=tmp_path, workers=workers
    )
    tuner.search(batches(), epochs=3, shuffle=False, verbose=0, validation_data=batches())
    found = [tuner.oracle.trials[name].score for name in sorted(tuner.oracle.trials)]
    assert found == pytest.approx(of_arrays, rel=1e-5)
