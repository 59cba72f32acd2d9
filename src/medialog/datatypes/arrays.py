"""Anything array-like -> `numpy.ndarray`, without importing the framework it comes from.

numpy, nested lists, torch (detached, brought to the CPU, bfloat16 widened to float32), TensorFlow, JAX, pandas Series,
and whatever has `__array__`, `.numpy()` or `__dlpack__`. Frameworks are recognised by the module name of the class.
"""

from __future__ import annotations

import numbers
from collections.abc import Iterable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from medialog.validators import checks
from medialog.validators import rules as rulebook
from medialog.validators.errors import Error, InvalidInput, Violation

if TYPE_CHECKING:
    import numpy as np

    from medialog.validators.rules import Rules

_SHORT_FLOATS = ("bfloat16", "float8_", "float6_", "float4_")
MOST_AXES = 64  # numpy's own
_COLUMNS = 32
_MOST_CHANNELS = 4
_EXPECTED = "an array: numpy, nested lists of numbers, torch, TensorFlow, JAX, or anything with __array__ or __dlpack__"


def is_torch(value: object) -> bool:
    """Say whether `value` is a torch tensor (whose pictures are C x H x W), by its class path."""
    return any(cls.__module__.partition(".")[0] == "torch" and "Tensor" in cls.__name__ for cls in type(value).__mro__)


def is_array_like(value: object) -> bool:
    """Say whether `value` is an array of some library: a list is not, a DataFrame is not."""
    if isinstance(value, type) or type(value).__name__ == "DataFrame":
        return False
    return (
        checks.has(value, "__array__")
        or checks.has(value, "__dlpack__")
        or (checks.has(value, "numpy") and checks.has(value, "shape"))
    )


def to_numpy(value: Any, at: str = "data", rules: Rules | None = None) -> np.ndarray:
    """Return `value` as an array of the machine's byte order; numpy arrays of it come back as they are, not copied.

    `rules`: those of the value that is made of it; the ones that hold now by default.

    Raises `WrongType` when it is no array, `InvalidInput` when lists are ragged or the dtype holds no numbers.
    """
    import numpy as np

    if isinstance(value, np.ndarray):
        array: Any = unmasked(value, at)
    elif isinstance(value, (list, tuple, range)):
        array = _from_lists(value, at, rules or rulebook.current())
    elif is_torch(value):
        array = _from_torch(value, at)
    elif is_array_like(value):
        array = _from_protocol(value, at)
    else:
        raise checks.wrong_type(at, "array.kind", _EXPECTED, value)
    if array.dtype.kind not in "biu" and (array.dtype.kind == "V" or array.dtype.name.startswith(_SHORT_FLOATS)):
        array = _widen(array)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return check_dtype(array, at)


def unmasked(array: Any, at: str) -> np.ndarray:
    """Return a numpy array as the base class. `InvalidInput` for masked elements: behind a mask is no data."""
    import numpy as np

    if isinstance(array, np.ma.MaskedArray) and np.ma.is_masked(array):
        got = f"{np.ma.getmaskarray(array).sum():,} masked of {array.size:,} elements"
        raise InvalidInput(Violation(at, "array.masked", "no masked elements (.filled(value) fills them)", got))
    return np.asarray(array)


def check_dtype(array: Any, at: str) -> np.ndarray:
    """Return `array`, or raise `InvalidInput` when its dtype is not boolean, integer or real."""
    if array.dtype.kind not in "biuf":
        if array.dtype.kind == "O":
            _refuse_text_and_gaps(array, at)
        names = {"c": "complex (log the real and imaginary parts, or the magnitude)", "O": "object"}
        got = f"dtype {array.dtype}" if array.dtype.kind not in names else f"dtype {names[array.dtype.kind]}"
        raise InvalidInput(Violation(at, "array.dtype", "a boolean, integer or real dtype", got))
    result: np.ndarray = array
    return result


def in_rows(array: np.ndarray) -> np.ndarray:
    """Return a new C-contiguous copy of a picture, H x W or H x W x channels.

    numpy walks along the short last axis where an array lies otherwise in memory (a tensor's channels first, columns
    first, BGR turned into RGB), which takes two to five times as long as this.
    """
    import numpy as np

    strides = array.strides
    if array.flags.c_contiguous or array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] > _MOST_CHANNELS):
        return np.array(array, order="C")
    copied = np.empty(array.shape, array.dtype)
    target, source = copied, array
    if array.ndim == 3:
        if strides[2] != array.itemsize:
            for channel in range(array.shape[2]):
                copied[..., channel] = array[..., channel]
            return copied
        if strides[1] == array.itemsize * array.shape[2]:  # a part of a picture
            copied[...] = array
            return copied
        whole = f"V{array.itemsize * array.shape[2]}"
        target, source = copied.view(whole)[..., 0], array.view(whole)[..., 0]
    # Few columns at a time: what is read of a column stays in the processor's cache until the next row needs it.
    for left in range(0, array.shape[1], _COLUMNS):
        target[:, left : left + _COLUMNS] = source[:, left : left + _COLUMNS]
    return copied


def _refuse_text_and_gaps(array: Any, at: str) -> None:
    """Name the first element of an object array that is no number; an array without one is refused by its dtype."""
    for index, item in enumerate(array.reshape(-1)):
        if not isinstance(item, numbers.Number):
            place = "".join(f"[{int(i)}]" for i in _unravelled(index, array.shape))
            raise InvalidInput(Violation(f"{at}{place}", "array.dtype", "a number", checks.show(item)))


def _unravelled(index: int, shape: tuple[int, ...]) -> tuple[Any, ...]:
    import numpy as np

    return tuple(np.unravel_index(index, shape))


def _from_lists(value: Any, at: str, rules: Rules) -> Any:
    import numpy as np

    if isinstance(value, range):
        checks.range_length(value, at, rules)
    try:
        items: Any = [_read_item(item, at, rules) for item in value]
    except (Error, Warning):
        raise
    except Exception as error:  # a class of the caller's may raise anything when it is read
        raise checks.unreadable(value, at, error) from error
    try:
        array = np.asarray(items)
    except Exception:  # noqa: BLE001 - numpy's own errors, and whatever an array deeper inside raises when it is read
        refuse_ragged(items, at)
        items = _read(items, at)
        try:
            array = np.asarray(items)
        except ValueError as error:
            reason = str(error).splitlines()[0][:140]
            raise InvalidInput(Violation(at, "array.ragged", "nested lists of equal lengths", reason)) from error
    if array.dtype.kind in "US" and array.size:  # numpy has made text of the numbers beside it
        _refuse_text_and_gaps(np.asarray(items, dtype=object), at)
    return array


def _read_item(item: Any, at: str, rules: Rules) -> Any:
    if isinstance(item, range):
        checks.range_length(item, at, rules)
    return to_numpy(item, at) if is_array_like(item) else item


def _read(value: Any, at: str, depth: int = 1) -> Any:
    """Return nested lists in which every array is one of numpy's."""
    if depth > MOST_AXES:
        raise InvalidInput(
            Violation(at[:80], "array.ragged", f"at most {MOST_AXES} levels of lists", "more (a cycle?)")
        )
    if isinstance(value, (list, tuple)):
        return [_read(item, f"{at}[{index}]", depth + 1) for index, item in enumerate(value)]
    return to_numpy(value, at) if is_array_like(value) else value


def refuse_ragged(value: Any, at: str) -> None:
    """Name the first item of nested lists that is not as long as those before it on its level; return if all are."""
    level = [("", value)]
    while True:
        items = [(f"{place}[{index}]", item) for place, parent in level for index, item in _items(parent)]
        if not items:
            return
        first_place, first = items[0][0], _length(items[0][1])
        for place, item in items:
            if _length(item) != first:
                expected = f"{_described(first)}, like {first_place}"
                raise InvalidInput(Violation(f"{at}{place}", "array.ragged", expected, _described(_length(item))))
        if first is None:
            return
        level = items


def _items(parent: Any) -> Iterable[tuple[int, Any]]:
    """Return the items of a list with their places; of an array, whose items are all alike, the shape of one."""
    if isinstance(parent, (list, tuple, range)):
        return enumerate(parent)
    return [(0, SimpleNamespace(shape=parent.shape[1:]))]


def _length(item: Any) -> int | None:
    """Return the length of a list or array; None for what is neither."""
    if isinstance(item, (list, tuple, range)):
        return len(item)
    shape = getattr(item, "shape", ())
    return int(shape[0]) if shape else None


def _described(length: int | None) -> str:
    return "a single number" if length is None else f"{length} item{'s' * (length != 1)}"


def _from_torch(tensor: Any, at: str) -> Any:
    """Return a tensor's values: without its gradient, on the CPU, dense, in a dtype that numpy has."""
    try:
        tensor = tensor.detach()
        if str(getattr(tensor, "layout", "torch.strided")) != "torch.strided":
            tensor = tensor.to_dense()
        if getattr(tensor, "is_quantized", False):
            tensor = tensor.dequantize()
        tensor = tensor.cpu()
        if str(tensor.dtype).startswith(("torch.bfloat16", "torch.float8")):
            tensor = tensor.float()
        return tensor.resolve_conj().resolve_neg().numpy() if hasattr(tensor, "resolve_conj") else tensor.numpy()
    except Exception as error:  # meta, nested and fake tensors, and those inside a transformation, have no values
        reason = (str(error).splitlines() or [""])[0][:140]
        got = f"{checks.type_name(tensor)} ({type(error).__name__}: {reason})"
        raise InvalidInput(Violation(at, "array.kind", "a tensor whose values can be read", got)) from error


def _from_protocol(value: Any, at: str) -> Any:
    import numpy as np

    attempts = (
        ("__array__", lambda: np.asarray(value)),
        ("numpy", lambda: np.asarray(value.numpy())),
        ("__dlpack__", lambda: np.from_dlpack(value)),
    )
    reasons = []
    for name, convert in attempts:
        if not hasattr(value, name):
            continue
        try:
            return convert()
        except Exception as error:  # noqa: BLE001 - a foreign library may raise anything; the last reason is reported
            reasons.append(f"{name}: {type(error).__name__}: {checks.reason(error)[:80]}")
    got = f"{checks.type_name(value)} whose {'; '.join(reasons)[:200]}"
    raise InvalidInput(Violation(at, "array.kind", _EXPECTED, got))


def _widen(array: Any) -> Any:
    """Return the short floats and integers that numpy itself does not have as its own; other void dtypes unchanged."""
    import numpy as np

    if array.dtype.name.startswith(_SHORT_FLOATS):
        return array.astype(np.float32)
    return array.astype(np.int8) if array.dtype.name in ("int2", "int4", "uint2", "uint4") else array
