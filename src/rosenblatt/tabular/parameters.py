"""What scikit-learn asks of an estimator, without importing scikit-learn."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from rosenblatt.core.checks import Check
from rosenblatt.core.errors import BadArgument, MissingPackage, NotFitted, nearest

if TYPE_CHECKING:
    from sklearn.utils import Tags


def parameter(default: object, check: Check | None = None) -> Any:
    """A field of a dataclass: a parameter with its default and what it may be."""
    return field(default=default, metadata={"check": check})


@dataclass(repr=False, eq=False, kw_only=True)
class Parameters:
    """An estimator whose fields are its parameters.

    scikit-learn's `clone`, pipelines and searches work with it; the library itself is only imported
    when it asks what kind of estimator this is. As scikit-learn wants it, any value is taken, and
    `fit` refuses the wrong ones.

    >>> @dataclass(repr=False, eq=False, kw_only=True)
    ... class Scaled(Parameters):
    ...     factor: float = parameter(1.0)
    >>> Scaled(factor=2.0).get_params(), Scaled().set_params(factor=3.0)
    ({'factor': 2.0}, Scaled(factor=3.0))
    """

    @classmethod
    def parameter_names(cls) -> list[str]:
        """The names of the parameters."""
        return [one.name for one in fields(cls)]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name.

        Args:
            deep: kept for scikit-learn's sake: no parameter is an estimator.
        """
        return {name: getattr(self, name) for name in self.parameter_names()}

    def set_params(self, **params: Any) -> Any:
        """Set parameters by name.

        Raises:
            ValueError: one that does not exist.
        """
        known = self.parameter_names()
        for name, value in params.items():
            if name not in known:
                raise BadArgument(
                    f"{type(self).__name__} has no parameter {name!r}.", fix=nearest(name, known)
                )
            setattr(self, name, value)
        return self

    def check_parameters(self) -> None:
        """Refuse values that parameters do not take.

        Raises:
            ValueError: the first of them.
        """
        for one in fields(self):
            check, value = one.metadata["check"], getattr(self, one.name)
            if check is not None and not check.fits(value):
                raise BadArgument(
                    f"{type(self).__name__}: {check.adjective} `{one.name}`.",
                    given=repr(value),
                    expected=check.expected,
                )

    def not_fitted(self) -> NotFitted:
        """The error of a use before `fit`: also scikit-learn's, where that is imported."""
        kind: type[NotFitted] = NotFitted
        if "sklearn" in sys.modules:
            from sklearn.exceptions import NotFittedError

            kind = type("NotFitted", (NotFitted, NotFittedError), {})
        return kind(
            f"This {type(self).__name__} instance is not fitted yet. Call 'fit' with appropriate "
            "arguments before using this estimator."
        )

    def __repr__(self) -> str:
        shown = [
            f"{one.name}={getattr(self, one.name)!r}"
            for one in fields(self)
            if getattr(self, one.name) is not one.default
        ]
        return f"{type(self).__name__}({', '.join(shown)})"

    def tags(self) -> Tags:
        """scikit-learn's description of the estimator; a subclass says more.

        Raises:
            ImportError: scikit-learn is not installed.
        """
        try:
            from sklearn.utils import InputTags, Tags, TargetTags
        except ImportError as error:
            raise MissingPackage(
                "scikit-learn asks for an estimator's tags, and is not installed.",
                fix='`pip install "rosenblatt[sklearn]"`',
            ) from error
        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=True),
            input_tags=InputTags(allow_nan=True, string=True),
        )

    def __sklearn_tags__(self) -> Tags:
        return self.tags()
