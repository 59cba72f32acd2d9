"""Stand-ins for arrays of frameworks that tests do not install: class path, methods and refusals of each."""

from __future__ import annotations

from typing import Any

import numpy as np


class Tensor:
    """A torch tensor: `numpy()` refuses what torch refuses, so whoever reads it has to detach it and bring it home."""

    def __init__(
        self,
        values: Any,
        dtype: str | None = None,
        *,
        requires_grad: bool = False,
        device: str = "cpu",
        quantized: bool = False,
        layout: str = "strided",
    ) -> None:
        self._values = np.asarray(values)
        self.dtype = f"torch.{dtype or self._values.dtype.name}"
        self.requires_grad = requires_grad
        self.device = device
        self.is_quantized = quantized
        self.layout = f"torch.{layout}"

    @property
    def shape(self) -> tuple[int, ...]:
        return self._values.shape

    def __len__(self) -> int:
        return len(self._values)

    def _like(self, **changed: Any) -> Tensor:
        return type(self)(
            self._values,
            changed.get("dtype", self.dtype.removeprefix("torch.")),
            requires_grad=changed.get("requires_grad", self.requires_grad),
            device=changed.get("device", self.device),
            quantized=changed.get("quantized", self.is_quantized),
            layout=changed.get("layout", self.layout.removeprefix("torch.")),
        )

    def detach(self) -> Tensor:
        return self._like(requires_grad=False)

    def cpu(self) -> Tensor:
        return self._like(device="cpu")

    def to_dense(self) -> Tensor:
        return self._like(layout="strided")

    def dequantize(self) -> Tensor:
        return self._like(quantized=False)

    def float(self) -> Tensor:
        return self._like(dtype="float32")

    def resolve_conj(self) -> Tensor:
        return self

    def resolve_neg(self) -> Tensor:
        return self

    def numpy(self) -> np.ndarray:
        if self.requires_grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad.")
        if self.device != "cpu":
            raise TypeError(f"can't convert {self.device} device type tensor to numpy.")
        if self.layout != "torch.strided":
            raise TypeError(f"can't convert {self.layout} layout tensor to numpy. Use Tensor.to_dense() first.")
        if self.is_quantized:
            raise TypeError("Got unsupported ScalarType QUInt8")
        if self.dtype in ("torch.bfloat16", "torch.float8_e4m3fn", "torch.float8_e5m2fnuz"):
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self._values

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.numpy() if dtype is None else self.numpy().astype(dtype)


Tensor.__module__ = "torch"


class Parameter(Tensor):
    """A torch parameter: a subclass of Tensor, defined elsewhere."""

    def __init__(self, values: Any, *arguments: Any, **keywords: Any) -> None:
        super().__init__(values, *arguments, **{"requires_grad": True, **keywords})


Parameter.__module__ = "torch.nn.parameter"


class EagerTensor:
    """A TensorFlow tensor that only has `.numpy()` and `.shape`."""

    def __init__(self, values: Any) -> None:
        self._values = np.asarray(values)

    @property
    def shape(self) -> tuple[int, ...]:
        return self._values.shape

    def numpy(self) -> np.ndarray:
        return self._values


EagerTensor.__module__ = "tensorflow.python.framework.ops"


class JaxArray:
    """A JAX array: `__array__` and nothing else that matters here."""

    def __init__(self, values: Any) -> None:
        self._values = np.asarray(values)
        self.shape = self._values.shape

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self._values if dtype is None else self._values.astype(dtype)


JaxArray.__module__ = "jaxlib.xla_extension"


class DlpackArray:
    """An array that can only be exchanged through DLPack."""

    def __init__(self, values: Any) -> None:
        self._values = np.ascontiguousarray(values)

    def __dlpack__(self, **keywords: Any) -> Any:
        return self._values.__dlpack__(**keywords)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._values.__dlpack_device__()
