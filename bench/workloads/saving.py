"""Saving and loading: the Fashion MNIST network against Keras, checkpoints, and a model of 1 GB."""

from __future__ import annotations

from bench import data
from bench.harness import Comparison, Context, Limit, Result, in_turns, run, workers
from bench.peers import KERAS_JAX, KERAS_TENSORFLOW, OURS

TARGETS = {KERAS_TENSORFLOW: 5.0, KERAS_JAX: None}
_CALLS = 20
_CHECKPOINT_LIMIT, _SHARE_LIMIT, _COPIES_LIMIT = 3.0, 1 / 0.6, 1.5


def measure(context: Context) -> Result:
    """Time `save` and `load_model` in turns, and what a checkpoint each epoch adds."""
    path = str(data.fashion(context.folder))
    comparisons = []
    with workers([OURS, *TARGETS], context) as crew:
        for worker in crew.values():
            worker.ask("load", network="fashion", path=path)
            worker.ask("build")
            worker.ask("train_once")
        for operation in ("save_model", "load_model"):
            actions = {
                peer: lambda worker=worker, name=peer.title, operation=operation: worker.ask(
                    operation,
                    path=str(context.folder / f"{name.replace(' ', '-')}.keras"),
                    calls=_CALLS,
                )
                for peer, worker in crew.items()
            }
            in_turns(actions, 1)  # warm-up, not counted
            times = in_turns(actions, context.rounds_or(7))
            comparisons += [
                Comparison(operation, peer.title, times[OURS], times[peer], target)
                for peer, target in TARGETS.items()
            ]
    notes = [
        "Fashion MNIST's network with SGD, trained, as a `.keras` file of 1.1 MB; each round is "
        "the median of many calls. Ours is forced to the disk and renamed, Keras's is not. "
        "Checkpoints: housing's network, 20 epochs with and without `ModelCheckpoint` after each. "
        "Large: one kernel of 1 GB, against writing the same bytes to a file and forcing them to "
        "the disk.",
    ]
    return Result("Saving and loading", notes, comparisons, _limits(context))


def _limits(context: Context) -> list[Limit]:
    plain, checked, shares, copies = [], [], [], []
    housing = str(data.housing(context.folder))
    with workers([OURS], context) as crew:
        (worker,) = crew.values()
        worker.ask("load", network="housing", path=housing)
        worker.ask("build")
        target = str(context.folder / "checkpoint.keras")
        actions = {
            "plain": lambda: worker.ask("fit_epochs", epochs=20),
            "checked": lambda: worker.ask("fit_epochs", epochs=20, checkpoint=target),
        }
        in_turns(actions, 1)
        times = in_turns(actions, context.rounds_or(7))
        plain, checked = times["plain"], times["checked"]
    for _ in range(context.rounds_or(3)):
        command = ["-m", "bench.children.large_model", str(context.folder)]
        share, copy = run(command, OURS, context.empty_cache())[1].split()[-2:]
        shares.append(float(share))
        copies.append(float(copy))
    added = [100 * (c / p - 1) for p, c in zip(plain, checked, strict=True)]
    return [
        Limit("a checkpoint each epoch, of housing's training time", added, "%", _CHECKPOINT_LIMIT),
        Limit("saving 1 GB, over a plain write of as much", shares, "x", _SHARE_LIMIT),
        Limit("loading 1 GB, peak memory per byte of weights", copies, "x", _COPIES_LIMIT),
    ]
