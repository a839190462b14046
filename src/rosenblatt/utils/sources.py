"""Where symbolic tensors come from."""

from __future__ import annotations

from rosenblatt.core.refusing import refusing
from rosenblatt.core.symbolic import KerasTensor, node_of


@refusing("`utils.get_source_inputs`")
def get_source_inputs(tensor: KerasTensor) -> list[KerasTensor]:
    """The inputs of a graph that a symbolic tensor is computed from, each once.

    >>> from rosenblatt.layers import Input
    >>> a, b = Input((2,)), Input((2,))
    >>> [t is s for t, s in zip(get_source_inputs(a + b * a), [a, b], strict=True)]
    [True, True]
    """
    if tensor._keras_history is None:
        return [tensor]
    found: dict[int, KerasTensor] = {}
    seen: set[int] = set()
    waiting = [tensor]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        node = node_of(one)
        if not node.inputs:
            found.update({id(output): output for output in node.outputs})
        waiting.extend(reversed(node.inputs))
    return list(found.values())
