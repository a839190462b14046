"""Gradients of several devices, added up as one array in place of one for each weight.

XLA joins the sums of a step into one operation, but adds its arrays up one after another: between
processes each is a message to all others. Layers that keep rows apart are therefore called on each
device with a copy of their weights, and the copies' gradients are added up together.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from rosenblatt.core.scope import Scope, current_scope, use_scope
from rosenblatt.core.symbolic import tree_leaves
from rosenblatt.core.types import Tree
from rosenblatt.core.variable import Variable
from rosenblatt.layers.base import Layer

# Joining larger gradients costs more than it saves: they are long messages anyway.
MOST_BYTES = 1 << 20


class FlatGradients:
    """Gradients of weights that are on all devices, by rows that are divided among them.

    Args:
        mesh: the devices; rows are divided along its first axis.
    """

    def __init__(self, mesh: Mesh):
        self.mesh, self.parts, self.axis = mesh, mesh.devices.shape[0], mesh.axis_names[0]

    def __call__(
        self,
        objective: Callable[..., tuple[Any, Any]],
        trained: Sequence[Variable],
        values: tuple[Any, ...],
    ) -> tuple[tuple[Any, ...], Any]:
        """The gradients of a function, and what else it gives.

        Args:
            objective: of the weights' values, and of what is to call layers meanwhile, if anything.
            trained: the weights.
            values: of them.
        """
        if sum(value.size * value.dtype.itemsize for value in values) > MOST_BYTES:
            return jax.grad(objective, has_aux=True)(values)
        by_device = NamedSharding(self.mesh, PartitionSpec(self.axis))

        def of_copies(values: tuple[Any, ...], copies: tuple[Any, ...]) -> tuple[Any, Any]:
            held = {id(v): pair for v, *pair in zip(trained, values, copies, strict=True)}
            return objective(values, CallsApart(self, held))

        copies = tuple(
            jax.lax.with_sharding_constraint(
                jnp.broadcast_to(value, (self.parts, *value.shape)), by_device
            )
            for value in values
        )
        (plain, apart), more = jax.grad(of_copies, argnums=(0, 1), has_aux=True)(values, copies)
        added = self._added(apart, by_device)
        return tuple(one + other for one, other in zip(plain, added, strict=True)), more

    def _added(self, apart: tuple[Any, ...], by_device: NamedSharding) -> list[Any]:
        """Gradients of copies, (devices, …), added up over the devices: one sum for each dtype."""
        found: list[Any] = [None] * len(apart)
        for dtype in sorted({str(a.dtype) for a in apart}):
            places = [place for place, a in enumerate(apart) if str(a.dtype) == dtype]
            rows = [apart[place].reshape(self.parts, -1) for place in places]
            joined = jax.lax.with_sharding_constraint(jnp.concatenate(rows, axis=1), by_device)
            total = joined.sum(axis=0)
            ends = list(itertools.accumulate(row.shape[1] for row in rows))
            for place, piece in zip(places, jnp.split(total, ends[:-1]), strict=True):
                found[place] = piece.reshape(apart[place].shape[1:])
        return found


class CallsApart:
    """Calls layers that keep rows apart on each device by itself, others as ever.

    Args:
        gradients: that it works for.
        held: weights' values, and their copies (devices, …), by the variable's `id`.
    """

    def __init__(self, gradients: FlatGradients, held: dict[int, list[Any]]):
        self._gradients, self._held = gradients, held

    def __call__(self, layer: Layer, *args: Tree, **kwargs: Any) -> Any:
        """What a layer gives for rows."""
        outer = current_scope()
        assert outer is not None
        weights = [v for v in layer.trainable_variables if id(v) in self._held]
        # What another layer has assigned, as SpectralNormalization does, has no copy.
        as_before = all(outer.values[id(v)] is self._held[id(v)][0] for v in weights)
        if not (weights and as_before and self._is_apart(layer, args, kwargs)):
            return layer.call(*args, **kwargs)

        def local(copies: list[Any], args: Tree) -> Any:
            held = {id(v): copy[0] for v, copy in zip(weights, copies, strict=True)}
            with use_scope(Scope({**outer.values, **held}, outer.parameters)):
                return layer.call(*args, **kwargs)

        by_device = PartitionSpec(self._gradients.axis)
        divided = jax.shard_map(
            local, mesh=self._gradients.mesh, in_specs=by_device, out_specs=by_device
        )
        return divided([self._held[id(v)][1] for v in weights], args)

    def _is_apart(self, layer: Layer, args: Tree, kwargs: Tree) -> bool:
        said = vars(type(layer)).get("only_maps_rows", False) and layer.row_independent
        plain = not any(isinstance(leaf, jax.Array) for leaf in tree_leaves(kwargs))
        rows = [leaf.shape[0] for leaf in tree_leaves(args) if getattr(leaf, "shape", ())]
        even = bool(rows) and not any(n % self._gradients.parts for n in rows)
        return said and plain and even
