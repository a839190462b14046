"""Compiled programs on disk, found by a model's structure or by the text of what was traced.

The name of a file is a digest of all that a program depends on, so that a file of another version,
of another processor or of other settings is never found; `training.store` reads no file of another
user. Under a structure's name stands which text it has; the program is under the text's.
"""

from __future__ import annotations

import functools
import pickle
import sys
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import jax
import jaxlib
from jax.experimental import serialize_executable
from jaxlib import xla_client

from rosenblatt.training.digest import digest, digest_of_settings
from rosenblatt.training.sources import Sources, is_patched
from rosenblatt.training.store import Store, disk_cache_dir, open_store


class Disk:
    """The programs that earlier processes compiled.

    What cannot be stored or read is compiled: nothing here raises.

    Args:
        store: the files.
        environment: what every program depends on.
        device: the one device of the programs.
    """

    def __init__(self, store: Store, environment: str, device: jax.Device):
        self._devices = [device]
        self._store = store
        self._environment = environment
        self._sources = Sources.now()
        self._code = self._sources.digest(store)

    def structure_name(self, key: Hashable) -> str | None:
        """The name of a structure; None where its key means nothing to other processes.

        Args:
            key: what programs are known by in this process, without the global settings.
        """
        if self._code is None or is_patched():
            return None
        settings = digest_of_settings()
        found = settings and digest("structure", self._environment, self._code, settings, key)
        return found and f"s{found}"

    def text_name(self, text: str, whole: str, placement: Hashable) -> str | None:
        """The name of a text; None where it holds what other processes have not.

        Args:
            text: its digest.
            whole: itself.
            placement: the key of its placement.
        """
        if "callback" in whole:  # a pointer into this process
            return None
        settings = digest_of_settings()
        found = settings and digest("text", self._environment, settings, placement, text)
        return found and f"t{found}"

    def text_of(self, structure: str) -> tuple[str, str, Any] | None:
        """The text that a structure has, its name, and the nest of its program's results."""
        content = self._store.read(structure)
        try:
            return None if content is None else pickle.loads(content)
        except Exception:
            return None

    def link(self, structure: str, text: str, text_name: str, out_tree: Any) -> None:
        """Note which text a structure has."""
        if Sources.now() != self._sources:  # modules that were loaded late may be others
            return
        try:
            content = pickle.dumps((text, text_name, out_tree))
        except Exception:
            return
        self._store.write(structure, content)

    def load(self, text: str, in_tree: Any, out_tree: Any) -> Any:
        """The program of a text; None where there is none.

        Args:
            text: its name.
            in_tree: the nest of the arguments, positional and by name.
            out_tree: that of the results.
        """
        content = self._store.read(text)
        if content is None:
            return None
        try:
            return serialize_executable.deserialize_and_load(
                content,
                in_tree,
                out_tree,
                backend=self._devices[0].client,
                execution_devices=self._devices,
            )
        except Exception:
            return None

    def keep(self, text: str, program: Any) -> None:
        """Keep a program under its text's name."""
        try:
            if program.runtime_executable().local_devices() != self._devices:
                return
            content, _, _ = serialize_executable.serialize(program)
        except Exception:
            return
        self._store.write(text, content)


def disk(device: jax.Device) -> Disk | None:
    """The programs on disk for a device; None where there are none to be."""
    folder = disk_cache_dir()
    return None if folder is None else _disk_in(folder, device)


@functools.lru_cache(maxsize=2)
def _disk_in(folder: Path, device: jax.Device) -> Disk | None:
    store, environment = open_store(folder), _environment(device)
    return None if store is None or environment is None else Disk(store, environment, device)


def _environment(device: jax.Device) -> str | None:
    """What every program depends on: versions, the processor, XLA's flags as XLA took them.

    The version of this library is in its files, and so in each structure's name.
    """
    try:
        processor = xla_client.get_topology_for_devices([device]).fingerprint()
        flags = xla_client.CompileOptions().SerializeAsString()
    except Exception:
        return None
    versions = jax.__version__, jaxlib.__version__, sys.version
    client = device.client
    return digest(
        versions, client.platform, client.platform_version, device.device_kind, processor, flags
    )
