"""`import rosenblatt` over `import jax`, in fresh processes."""

from __future__ import annotations

from bench.harness import Context, Limit, Result, in_turns, run
from bench.peers import OURS

_LIMIT = 0.15
JAX, PACKAGE, NAMES = "import jax", "import rosenblatt", "import rosenblatt and use its names"
PROGRAMS = {
    JAX: "import jax",
    PACKAGE: "import jax, rosenblatt",
    # Public names are resolved lazily: this is what a script that trains really loads.
    NAMES: (
        "import jax, rosenblatt as rb; rb.Sequential; rb.Model; rb.layers.Dense; rb.losses; "
        "rb.metrics.RootMeanSquaredError; rb.optimizers.Adam; rb.callbacks.EarlyStopping"
    ),
}


def measure(context: Context) -> Result:
    """Time fresh processes in turns and subtract those that only import jax."""
    cache = context.empty_cache()
    actions = {
        name: lambda code=code: run(["-c", code], OURS, cache)[0] for name, code in PROGRAMS.items()
    }
    in_turns(actions, 1)  # bytecode and file caches; not counted
    times = in_turns(actions, context.rounds_or(11))
    limits = [
        Limit(
            f"{name}, over {JAX}",
            [ours - jax for ours, jax in zip(times[name], times[JAX], strict=True)],
            "s",
            _LIMIT,
        )
        for name in (PACKAGE, NAMES)
    ]
    limits.append(Limit(f"{JAX}, the whole process", times[JAX], "s"))
    notes = ["Wall time of whole processes, in turns; differences within a round."]
    return Result("Import", notes, limits=limits)
