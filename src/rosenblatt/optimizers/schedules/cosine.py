"""Rates that fall along a cosine."""

from __future__ import annotations

import math
from typing import Any

from rosenblatt.core.checks import number, optional, text
from rosenblatt.core.settings import LABEL, NUMBER, setting
from rosenblatt.optimizers.rate import LearningRateSchedule, schedules, some_steps


@schedules.entry()
class CosineDecay(LearningRateSchedule):
    """η · ((1 − α)(1 + cos(π t / s)) / 2 + α), after a linear warm-up where asked for.

    Loshchilov and Hutter, 2016, arXiv:1608.03983. With a warm-up the rate first rises from η₀ to
    `warmup_target`, which then is η; else η = η₀.

    Args:
        initial_learning_rate: η₀.
        decay_steps: s, steps of the fall (without the warm-up's).
        alpha: α, the part of η that is left at the end.
        name: a name.
        warmup_target: the rate after warm-up; None: no warm-up.
        warmup_steps: steps of the warm-up.

    >>> schedule = CosineDecay(0.0, 10, warmup_target=1.0, warmup_steps=2)
    >>> [float(schedule(step)) for step in (0, 1, 2, 12)]
    [0.0, 0.5, 1.0, 0.0]
    """

    initial_learning_rate: float = setting(number(), role=NUMBER)
    decay_steps: float = setting(some_steps, role=NUMBER)
    alpha: float = setting(number(), default=0.0, role=NUMBER)
    name: str | None = setting(optional(text), default="CosineDecay", role=LABEL)
    warmup_target: float | None = setting(optional(number()), default=None, role=NUMBER)
    warmup_steps: float = setting(number(), default=0, role=NUMBER)

    def __call__(self, step: Any) -> Any:
        """The rate at a step."""
        xp, step, first, steps, alpha = self._inputs(
            step, "initial_learning_rate", "decay_steps", "alpha"
        )
        if self.warmup_target is None:
            return first * self._part(xp, xp.minimum(step, steps) / steps, alpha)
        xp, step, target, warmup = self._inputs(step, "warmup_target", "warmup_steps")
        rising = (target - first) * step / xp.maximum(warmup, 1) + first
        fallen = xp.clip(step - warmup, 0, steps) / steps
        return xp.where(step < warmup, rising, target * self._part(xp, fallen, alpha))

    def _part(self, xp: Any, fraction: Any, alpha: Any) -> Any:
        """The part of the rate that is left after a fraction of the steps."""
        return (1 - alpha) * 0.5 * (1.0 + xp.cos(math.pi * fraction)) + alpha


@schedules.entry()
class CosineDecayRestarts(LearningRateSchedule):
    """Cosine decay that starts again: each round `t_mul` times as long, `m_mul` times as high.

    Loshchilov and Hutter, 2016, "SGDR: stochastic gradient descent with warm restarts",
    arXiv:1608.03983.

    Args:
        initial_learning_rate: the first rate.
        first_decay_steps: steps of the first round.
        t_mul: factor of the length of each next round.
        m_mul: factor of its first rate.
        alpha: the part of the first rate that is never undercut.
        name: a name.

    >>> schedule = CosineDecayRestarts(1.0, 10)
    >>> [round(float(schedule(step)), 3) for step in (0, 5, 10, 20)]
    [1.0, 0.5, 1.0, 0.5]
    """

    initial_learning_rate: float = setting(number(), role=NUMBER)
    first_decay_steps: float = setting(some_steps, role=NUMBER)
    t_mul: float = setting(number(), default=2.0, role=NUMBER)
    m_mul: float = setting(number(), default=1.0, role=NUMBER)
    alpha: float = setting(number(), default=0.0, role=NUMBER)
    name: str | None = setting(optional(text), default="SGDRDecay", role=LABEL)

    def __call__(self, step: Any) -> Any:
        """The rate at a step."""
        xp, step, first, steps, t_mul, m_mul, alpha = self._inputs(step, *self.runtime_parameters)
        part = step / steps
        if self.t_mul == 1.0:
            rounds = xp.floor(part)
            part = part - rounds
        else:
            rounds = xp.floor(xp.log(1.0 - part * (1.0 - t_mul)) / xp.log(t_mul))
            before = (1.0 - t_mul**rounds) / (1.0 - t_mul)
            part = (part - before) / t_mul**rounds
        height = 0.5 * m_mul**rounds * (1.0 + xp.cos(math.pi * part))
        return first * ((1 - alpha) * height + alpha)
