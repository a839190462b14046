"""All that a user waits for in one table: before and now, in turns with the peers.

The rows are those of the other workloads, with their children and workers; few rounds, a quarter of
an hour in all. Each figure stands with the processor's time, which other work disturbs less.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench import data
from bench.harness import Context, Result, Seconds, Table, checkout, in_turns, run, workers
from bench.peers import KERAS_JAX, KERAS_JAX_CHUNKED, KERAS_TENSORFLOW, OURS, TORCH, Peer
from bench.workloads import estimators, import_time, perceptron, searches, whole_process
from bench.workloads._fit import first_epochs

_EPOCHS = 20
_PEERS_TRIALS = 4  # of Keras Tuner's searches; the whole of one takes ten minutes


@dataclass(frozen=True)
class Row:
    """Ours now and before, and what it is compared with.

    Attributes:
        measure: what was timed.
        now, before: our seconds.
        rest: what is left of them, in a few words.
        against: whose time the ratio is with; empty where a time is a target by itself.
        base, base_before: those times; before's own where they are ours.
        least: the least times they take longer.
        most: the most seconds, or the most times that ours take longer.
    """

    measure: str
    now: list[Seconds]
    before: list[Seconds]
    rest: str = ""
    against: str = ""
    base: list[Seconds] = field(default_factory=list)
    base_before: list[Seconds] = field(default_factory=list)
    least: float | None = None
    most: float | None = None

    def cells(self) -> list[str]:
        """The row of the table."""
        before, now = (
            self._ratio(self.before, self.base_before or self.base),
            self._ratio(self.now, self.base),
        )
        target = f"≥ {self.least:g}" if self.least else f"≤ {self.most:g}" if self.most else ""
        met = now[0] >= self.least if self.least else now[0] <= (self.most or now[0])
        return [
            self.measure, self.against, _shown(_middle(self.before)), _shown(_middle(self.now)),
            _shown(_middle(self.base)) if self.base else "",
            _shown(before), _shown(now), target + (" s" if target and not self.base else ""),
            ("met" if met else "**not met**") if target else "", self.rest,
        ]  # fmt: skip

    def _ratio(self, ours: list[Seconds], base: list[Seconds]) -> tuple[float, float]:
        """The median of the rounds' ratios, and that of the least processor times."""
        if not base:
            return _middle(ours)
        turned = -1 if self.least is None else 1
        walls = [(b / o) ** turned for o, b in zip(ours, base, strict=True)]
        cpu = (min(b.cpu for b in base) / min(o.cpu for o in ours)) ** turned
        return statistics.median(walls), cpu


def _middle(times: list[Seconds]) -> tuple[float, float]:
    return statistics.median(times), min(time.cpu for time in times)


def _shown(pair: tuple[float, float]) -> str:
    return "{:.3g} ({:.3g})".format(*pair)


def measure(context: Context) -> Result:
    """Each part in turns; a line of the table for each peer."""
    with checkout(context.before, context) as before:
        parts = (_scripts, _first_calls, _housing, _fashion, _estimators, _perceptron, _searches)
        rows = [row.cells() for part in parts for row in part(context, before)]
    notes = [
        f"before: revision {context.before}. Seconds are wall time (medians; in brackets the least "
        "processor time of all threads), ratios those of the same round (in brackets of the least "
        "processor times). warm: the programs of an earlier process are on disk; cold: none are. "
        "First calls are in fresh processes, warm, without what the next call takes. Keras Tuner "
        f"ran the first {_PEERS_TRIALS} trials of each search; the whole was computed from the "
        "times of its trials and epochs. `save`, predictions and hooks are in warm processes.",
    ]
    headings = ["", "against", "before, s", "now, s", "theirs, s", "ratio before", "ratio now",
                "target", "", "what is left"]  # fmt: skip
    return Result("What one waits for", notes, tables=[Table(headings, rows)])


def _scripts(context: Context, before: Peer) -> list[Row]:
    """Whole processes: imports, the script that trains, the command line."""
    path = data.housing(context.folder)
    kept = {peer: context.empty_cache() for peer in (OURS, before)}
    run_dir = tempfile.mkdtemp(dir=context.folder)
    train = ["-m", "rosenblatt", "train", "california_housing", "--out"]
    commands = {
        "jax": ["-c", import_time.PROGRAMS[import_time.JAX]],
        "names": ["-c", import_time.PROGRAMS[import_time.NAMES]],
        "help": ["-m", "rosenblatt", "--help"],
    }
    actions: dict[tuple[str, Peer], Callable[[], Seconds]] = {}
    for peer in (OURS, before):
        for name, command in commands.items():
            actions[name, peer] = lambda p=peer, c=command: run(c, p, kept[p])[0]
        actions["train", peer] = lambda p=peer: run(
            [*train, tempfile.mkdtemp(dir=run_dir)], p, kept[p]
        )[0]
        actions["warm", peer] = lambda p=peer: whole_process.run_script(p, path, kept[p])
    in_turns(actions, 1)  # fills the caches; not counted
    for peer in (OURS, before, KERAS_TENSORFLOW, KERAS_JAX):
        actions["cold", peer] = lambda p=peer: whole_process.run_script(
            p, path, context.empty_cache()
        )
    times = in_turns(actions, context.rounds_or(2))
    pair = {name: (times[name, OURS], times[name, before]) for name in
            ("jax", "names", "help", "train", "warm", "cold")}  # fmt: skip
    jax, jax_before = pair["jax"]
    rows = [
        Row("first use of a network's names, over `import jax`", _less(pair["names"][0], jax),
            _less(pair["names"][1], jax_before), "imports, half of that for classes",
            most=0.15),
        Row("script, warm, times `import jax`", *pair["warm"], "20 epochs and validations a third",
            "import jax", jax, jax_before, most=1.8),
    ]  # fmt: skip
    targets = {("cold", KERAS_TENSORFLOW): 12, ("cold", KERAS_JAX): 6,
               ("warm", KERAS_TENSORFLOW): 20, ("warm", KERAS_JAX): 11}  # fmt: skip
    rest = {"cold": "XLA's compiling", "warm": "`import jax`, then the epochs"}
    rows += [
        Row(f"script, {how}", *pair[how], rest[how], peer.title, times["cold", peer], least=target)
        for (how, peer), target in targets.items()
    ]
    return [
        *rows,
        Row("`rosenblatt --help`", *pair["help"], "Python's start, typer", most=0.1),
        Row("`rosenblatt train california_housing`, warm", *pair["train"],
            "`import jax`, matplotlib, training", most=2.2),
    ]  # fmt: skip


def _less(times: list[Seconds], part: list[Seconds]) -> list[Seconds]:
    """Times without another part of the same round."""
    least = min(p.cpu for p in part)
    return [Seconds(t - p, t.cpu - least) for t, p in zip(times, part, strict=True)]


def _first_calls(context: Context, before: Peer) -> list[Row]:
    """The first `fit` and `predict` of a known network, in fresh processes."""
    path = str(data.housing(context.folder))
    caches = {peer: context.empty_cache() for peer in (OURS, before)}
    calls = [("fit", {}), ("predict", {"rows": 3, "calls": 1})]
    times: dict[tuple[str, Peer], list[Seconds]] = {
        (name, peer): [] for name, _ in calls for peer in caches
    }
    for number in range(context.rounds_or(3) + 1):
        with workers(caches, context, caches) as crew:
            for peer, worker in crew.items():
                worker.ask("load", network="housing", path=path)
                worker.ask("build")
                for name, arguments in calls:
                    first, later = (worker.timed(name, **arguments) for _ in range(2))
                    if number:  # the first fills the caches
                        times[name, peer].append(Seconds(first - later, first.cpu - later.cpu))
    return [
        Row(f"first `{name}`", times[name, OURS], times[name, before], rest, most=0.08)
        for name, rest in (
            ("fit", "modules of training, XLA's reading of the program, opening the store"),
            ("predict", "XLA's reading of the program"),
        )
    ]


def _housing(context: Context, before: Peer) -> list[Row]:
    """A warm epoch, and what comes beside it: validation, checkpoints, hooks, few rows."""
    path, rounds = str(data.housing(context.folder)), context.rounds_or(5)
    ours = [OURS, before]
    peers = {KERAS_TENSORFLOW: 25.0, KERAS_JAX_CHUNKED: 3.0, TORCH: 10.0}
    with workers([*ours, *peers], context) as crew:
        for worker in crew.values():
            worker.ask("load", network="housing", path=path)
        first_epochs(crew)
        actions = {peer: lambda w=worker: w.timed("fit") for peer, worker in crew.items()}
        in_turns(actions, 1)  # warm-up, not counted
        steps = in_turns(actions, rounds)
        beside: dict[tuple[str, Peer], Callable[[], Seconds]] = {}
        for number, peer in enumerate(ours):
            target = str(context.folder / f"checkpoint-{number}.keras")
            asked: dict[str, tuple[str, dict[str, Any]]] = {
                "plain": ("fit_epochs", {}),
                "validation": ("fit_epochs", {"validate": True}),
                "checkpoint": ("fit_epochs", {"checkpoint": target}),
                "hooks": ("fit_watched", {"callbacks": "epochs"}),
            }
            for name, (operation, given) in asked.items():
                if operation == "fit_watched":
                    given["folder"] = tempfile.mkdtemp(dir=context.folder)
                beside[name, peer] = lambda w=crew[peer], o=operation, g=given: w.timed(
                    o, epochs=_EPOCHS, **g
                )
            beside["predict", peer] = lambda w=crew[peer]: w.timed("predict", rows=3, calls=500)
        in_turns(beside, 1)
        times = in_turns(beside, rounds)
    rows = [
        Row("an epoch of housing", steps[OURS], steps[before], "the compiled steps, nine tenths",
            peer.title, steps[peer], least=target)
        for peer, target in peers.items()
    ]  # fmt: skip
    plain = times["plain", OURS], times["plain", before]
    rows += [
        Row(f"20 housing epochs, {title}", times[name, OURS], times[name, before], rest,
            "without", *plain, most=most)
        for name, title, most, rest in (
            ("validation", "each with a validation", 1.05, "its program, at XLA's floor"),
            ("checkpoint", "each with a checkpoint", 1.03, "config, HDF5, the last file's fsync"),
            ("hooks", "with seven callbacks", 1.03, "copies of the best weights, the log's line"),
        )
    ]  # fmt: skip
    rows.append(
        Row("`predict` on 3 rows", times["predict", OURS], times["predict", before],
            "the call of JAX's program", most=60e-6)
    )  # fmt: skip
    return rows


def _fashion(context: Context, before: Peer) -> list[Row]:
    """A warm epoch of Fashion MNIST, and its network saved."""
    path = str(data.fashion(context.folder))
    peers = {KERAS_TENSORFLOW: 4.0, KERAS_JAX_CHUNKED: 2.0, TORCH: 4.0}
    with workers([OURS, before, *peers], context) as crew:
        for worker in crew.values():
            worker.ask("load", network="fashion", path=path)
        first_epochs(crew)
        fits = {peer: lambda w=worker: w.timed("fit") for peer, worker in crew.items()}
        steps = in_turns(fits, context.rounds_or(2))
        saves = {
            peer: lambda w=crew[peer], n=number: w.timed(
                "save_model", calls=20, path=str(context.folder / f"saved-{n}.keras")
            )
            for number, peer in enumerate((OURS, before, KERAS_TENSORFLOW))
        }
        in_turns(saves, 1)  # warm-up, not counted
        saved = in_turns(saves, context.rounds_or(5))
    rows = [
        Row("an epoch of Fashion MNIST", steps[OURS], steps[before], "XLA's matrix products",
            peer.title, steps[peer], least=target)
        for peer, target in peers.items()
    ]  # fmt: skip
    save = Row("`save`, forced to the disk", saved[OURS], saved[before], "fsync, config, archive",
               KERAS_TENSORFLOW.title, saved[KERAS_TENSORFLOW], least=5.0)  # fmt: skip
    return [*rows, save]


def _estimators(context: Context, before: Peer) -> list[Row]:
    """Estimators on float32, programs on disk, against scikit-learn's."""
    folder, theirs = str(context.folder), estimators.SKLEARN
    rows = []
    for name, target in estimators.TARGETS.items():
        kept = {peer: context.empty_cache() for peer in (OURS, before, theirs)}
        whole: dict[Peer, list[Seconds]] = {peer: [] for peer in kept}

        def fit(peer: Peer, name: str = name, kept: Any = kept, whole: Any = whole) -> Seconds:
            module = "rosenblatt.sklearn" if peer in (OURS, before) else theirs.library
            command = estimators.command(module, name, folder, "float32")
            seconds, _, process = estimators.fit_once(command, peer, kept[peer])
            whole[peer].append(process)
            return seconds

        actions = {peer: lambda p=peer, fit=fit: fit(p) for peer in kept}
        in_turns({peer: actions[peer] for peer in (OURS, before)}, 1)  # fills the caches
        times = in_turns(actions, context.rounds_or(2))
        rows.append(
            Row(f"{estimators.TITLES[name]}, float32, warm", times[OURS], times[before],
                "the compiled steps, the first program", theirs.title, times[theirs], least=target)
        )  # fmt: skip
        if name == "digits":
            count = len(times[theirs])
            rows.append(
                Row("the whole process of it", whole[OURS][-count:], whole[before][-count:],
                    "`import jax`", theirs.title, whole[theirs], most=1.5)
            )  # fmt: skip
    return rows


def _perceptron(context: Context, before: Peer) -> list[Row]:
    """Ten classes, a million rows, once."""
    theirs = perceptron.SKLEARN
    actions = {
        peer: lambda p=peer: perceptron.fit_once(
            p, perceptron.MODULES.get(p, "rosenblatt.sklearn"), 10, perceptron.ROWS,
            context.empty_cache(),
        )[0]
        for peer in (OURS, before, theirs)
    }  # fmt: skip
    times = in_turns(actions, context.rounds_or(1))
    return [
        Row("Perceptron, 1,000,000 rows, 10 classes", times[OURS], times[before],
            "the rule, row after row", theirs.title, times[theirs], least=2.0)
    ]  # fmt: skip


def _searches(context: Context, before: Peer) -> list[Row]:
    """Random search and Hyperband, two workers, against one and against Keras Tuner."""
    data.housing(context.folder), data.fashion(context.folder)
    caches = {peer: context.empty_cache() for peer in (OURS, before)}
    found: dict[str, dict[Any, dict[str, Any]]] = {}
    random = {peer: lambda p=peer: searches.search(context, "housing", p, 0, caches[p])
              for peer in caches}  # fmt: skip
    found["housing"] = {peer: search() for peer, search in random.items()}
    for number in (2, 1):  # the caches are full now
        found[str(number)] = {
            peer: searches.search(context, "housing", peer, number, caches[peer]) for peer in caches
        }
    for peer in (searches.TF, searches.JAX):
        found["housing"][peer] = searches.search(context, "housing", peer, trials=_PEERS_TRIALS)
    found["hyperband"] = {
        peer: searches.search(context, "hyperband", peer) for peer in (OURS, before)
    }
    found["hyperband"][searches.TF] = searches.search(
        context, "hyperband", searches.TF, trials=_PEERS_TRIALS
    )
    rows = []
    targets = [("housing", searches.TF, 60), ("housing", searches.JAX, 25),
               ("hyperband", searches.TF, 12)]  # fmt: skip
    for kind, peer, target in targets:
        of_kind = found[kind]
        theirs = _whole(of_kind[peer], of_kind[OURS])
        rows.append(
            Row(searches.TITLES[kind], [_seconds(of_kind[OURS])], [_seconds(of_kind[before])],
                "XLA's compiling, then tracing", peer.title, [theirs], least=target)
        )  # fmt: skip
    two, one = found["2"], found["1"]
    workers_row = Row(
        f"{searches.TITLES['housing']}, warm, two workers", [_seconds(two[OURS])],
        [_seconds(two[before])], "building models, one thread at a time", "one worker",
        [_seconds(one[OURS])], [_seconds(one[before])], least=1.7,
    )  # fmt: skip
    return [*rows, workers_row]


def _seconds(found: dict[str, Any]) -> Seconds:
    return Seconds(found["seconds"], found["cpu"])


def _epochs(values: dict[str, Any]) -> int:
    """Epochs of a trial: Hyperband's own, or ten."""
    return values.get("tuner/epochs", 10) - values.get("tuner/initial_epoch", 0)


def _whole(some: dict[str, Any], ours: dict[str, Any]) -> Seconds:
    """What a peer's whole search would take, from its first trials and the schedule of ours."""
    count, epochs = len(some["values"]), sum(map(_epochs, some["values"]))
    trials, all_epochs = len(ours["values"]), sum(map(_epochs, ours["values"]))

    def estimate(seconds: float, epoch: float) -> float:
        return trials * (seconds - epochs * epoch) / count + all_epochs * epoch

    wall, cpu = some["epoch"]
    return Seconds(estimate(some["seconds"], wall), estimate(some["cpu"], cpu))
