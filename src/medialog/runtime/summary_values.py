"""Values set in the summary by hand: large arrays are kept whole, as Tensors. Source: "Summary Metrics"."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from medialog.datatypes.arrays import is_array_like
from medialog.datatypes.base import find
from medialog.validators import checks
from medialog.validators.errors import Error, InvalidInput
from medialog.validators.rules import Rules


def with_tensors(values: Mapping[str, Any], rules: Rules, at: str = "", depth: int = 1) -> Mapping[str, Any]:
    """Return summary values in which every large array is a Tensor."""
    if depth > rules.limit("json.depth"):
        return values  # `prepare` says so
    result: dict[str, Any] = {}
    for key, value in values.items():
        place = f"{at}[{checks.show(key)}]" if at else checks.show(key)
        try:
            result[key] = _with_tensor(value, place, rules, depth)
        except (Error, Warning):
            raise
        except Exception as error:  # a class of the caller's may raise anything when it is read
            raise checks.unreadable(value, place, error) from error
    return result


def _with_tensor(value: Any, at: str, rules: Rules, depth: int) -> Any:
    if isinstance(value, Mapping):
        return with_tensors(value, rules, at, depth + 1)
    if is_array_like(value) and _size(value) > rules.limit("tensor.inline"):
        try:
            return find("numpy.ndarray")(value)  # type: ignore[call-arg]
        except InvalidInput as error:
            raise error.within(at) from error
    return value


def _size(value: Any) -> int:
    """Return how many elements an array of any library has; 0 for one that cannot say, which is refused later."""
    try:
        return math.prod(int(length) for length in value.shape)
    except (AttributeError, TypeError, ValueError, RuntimeError):  # the last: torch's nested tensors
        return 0
