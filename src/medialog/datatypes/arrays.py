"""Anything array-like -> `numpy.ndarray`, without importing the framework it comes from.

numpy, nested lists, torch (detached, brought to the CPU, bfloat16 widened to float32), TensorFlow, JAX, pandas Series,
and whatever has `__array__`, `.numpy()` or `__dlpack__`. Frameworks are recognised by the module name of the class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation

if TYPE_CHECKING:
    import numpy as np

_EXPECTED = "an array: numpy, nested lists of numbers, torch, TensorFlow, JAX, or anything with __array__ or __dlpack__"


def is_torch(value: object) -> bool:
    """Say whether `value` is a torch tensor (whose pictures are C x H x W), by its class path."""
    return any(cls.__module__.partition(".")[0] == "torch" and "Tensor" in cls.__name__ for cls in type(value).__mro__)


def is_array_like(value: object) -> bool:
    """Say whether `value` is an array of some library: a list is not, a DataFrame is not."""
    if isinstance(value, type) or type(value).__name__ == "DataFrame":
        return False
    return (
        hasattr(value, "__array__")
        or hasattr(value, "__dlpack__")
        or (hasattr(value, "numpy") and hasattr(value, "shape"))
    )


def to_numpy(value: Any, at: str = "data") -> np.ndarray:
    """Return `value` as an array of the machine's byte order; numpy arrays of it come back as they are, not copied.

    Raises `WrongType` when it is no array, `InvalidInput` when lists are ragged or the dtype holds no numbers.
    """
    import numpy as np

    if isinstance(value, np.ndarray):
        _refuse_masked(value, at)
        array: Any = np.asarray(value)
    elif isinstance(value, (list, tuple, range)):
        array = _from_lists(value, at)
    elif is_torch(value):
        array = _from_torch(value)
    elif is_array_like(value):
        array = _from_protocol(value, at)
    else:
        raise checks.wrong_type(at, "array.kind", _EXPECTED, value)
    if array.dtype.kind == "V" or array.dtype.name == "bfloat16":
        array = _widen(array)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return check_dtype(array, at)


def _refuse_masked(array: Any, at: str) -> None:
    """Refuse a masked array with masked elements: what stands behind the mask is no data."""
    import numpy as np

    if isinstance(array, np.ma.MaskedArray) and np.ma.is_masked(array):
        got = f"{np.ma.getmaskarray(array).sum():,} masked of {array.size:,} elements"
        raise InvalidInput(Violation(at, "array.masked", "no masked elements (.filled(value) fills them)", got))


def check_dtype(array: Any, at: str) -> np.ndarray:
    """Return `array`, or raise `InvalidInput` when its dtype is not boolean, integer or real."""
    if array.dtype.kind not in "biuf":
        names = {"c": "complex (log the real and imaginary parts, or the magnitude)", "O": "object"}
        got = f"dtype {array.dtype}" if array.dtype.kind not in names else f"dtype {names[array.dtype.kind]}"
        raise InvalidInput(Violation(at, "array.dtype", "a boolean, integer or real dtype", got))
    result: np.ndarray = array
    return result


def _from_lists(value: Any, at: str) -> Any:
    import numpy as np

    items = [to_numpy(item, at) if is_array_like(item) else item for item in value]
    try:
        return np.asarray(items)
    except Exception as error:  # numpy's own errors, and whatever an array deeper inside raises when it is read
        reason = (str(error).splitlines() or [type(error).__name__])[0][:140]
        raise InvalidInput(Violation(at, "array.ragged", "nested lists of equal lengths", reason)) from error


def _from_torch(tensor: Any) -> Any:
    tensor = tensor.detach()
    if hasattr(tensor, "is_sparse") and tensor.is_sparse:
        tensor = tensor.to_dense()
    if getattr(tensor, "is_quantized", False):
        tensor = tensor.dequantize()
    tensor = tensor.cpu()
    if str(tensor.dtype) in ("torch.bfloat16", "torch.float8_e4m3fn", "torch.float8_e5m2"):
        tensor = tensor.float()
    return tensor.resolve_conj().resolve_neg().numpy() if hasattr(tensor, "resolve_conj") else tensor.numpy()


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
            reasons.append(f"{name}: {type(error).__name__}: {error}")
    got = f"{checks.type_name(value)} whose {'; '.join(reasons)[:200]}"
    raise InvalidInput(Violation(at, "array.kind", _EXPECTED, got))


def _widen(array: Any) -> Any:
    """Return bfloat16 (a dtype that numpy itself does not have) as float32; other void dtypes as they are."""
    import numpy as np

    if array.dtype.name != "bfloat16":
        return array
    return array.astype(np.float32)
