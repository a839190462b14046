"""Write what Keras does with every mistake of the tables: `mistakes.json`, which the test reads.

    KERAS_BACKEND=jax python tests/keras_parity/make_mistakes.py

For each mistake: the types of the error that Keras raises itself; [] where it warns; null where it
accepts the mistake, or stumbles over it in code that it calls.
"""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import keras
import mistakes_in_models
import mistakes_in_parts
from outcomes import outcome

TABLES = {
    "layer": mistakes_in_parts.LAYERS,
    "part": mistakes_in_parts.PARTS,
    "model": mistakes_in_models.MODELS,
    "training": mistakes_in_models.TRAINING,
    "callback": mistakes_in_models.CALLBACKS,
    "file": mistakes_in_models.FILES,
}


def main() -> None:
    """Run all of them with Keras."""
    found: dict[str, list[str] | None] = {}
    for kind, table in TABLES.items():
        for name, mistake in table.items():
            with contextlib.redirect_stdout(io.StringIO()):
                theirs = outcome(lambda mistake=mistake: mistake(keras))
            if theirs.error is not None and theirs.meant:
                found[f"{kind}: {name}"] = sorted(one.__name__ for one in theirs.kinds)
            else:
                warned = theirs.error is None and theirs.warned
                found[f"{kind}: {name}"] = [] if warned else None
    text = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in found.items())
    path = Path(__file__).parent / "mistakes.json"
    path.write_text(f"{{\n{text}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
