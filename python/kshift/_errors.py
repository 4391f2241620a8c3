"""What goes wrong, as exceptions. ``docs/errors.md`` lists every code."""

from collections.abc import Mapping
from typing import Any, ClassVar

__all__ = ["ClusterError", "InfeasibleError", "InputError", "InternalError", "KshiftError"]


class KshiftError(Exception):
    """Anything that kshift refuses or fails at; ``str()`` is the text that the command prints.

    >>> import kshift
    >>> try:
    ...     kshift.plan(kshift.Cluster.example(partitions=50, total_tb=1), drain="12-10")
    ... except kshift.KshiftError as error:
    ...     print(error.code, error.exit_code)
    invalid-value 2
    """

    exit_code: ClassVar[int] = 70
    """The exit code of the command for errors of this kind."""

    code: str
    """The stable word for what went wrong, such as ``unknown-broker``."""

    details: dict[str, Any]
    """The same as data: ``code``, ``message``, ``place``, ``notes``, ``help``, ``details``, and ``others``."""

    def __init__(self, text: str, code: str = "internal", details: Mapping[str, Any] | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.details = dict(details or {})


class InputError(KshiftError):
    """Arguments or files that are wrong, or that cannot be read or written."""

    exit_code = 2


class InfeasibleError(KshiftError):
    """No plan satisfies the limits; the text names what would."""

    exit_code = 3


class ClusterError(KshiftError):
    """A live cluster refused or failed."""

    exit_code = 4


class InternalError(KshiftError):
    """A fault of kshift itself; nothing was written. Please report it."""

    exit_code = 70
