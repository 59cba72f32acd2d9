"""The arrays of a glTF: buffer views, accessors, and the primitives that use them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medialog.datatypes.mesh.facts import Bounds, bound, broken
from medialog.datatypes.mesh.gltf_document import COMPONENTS, WIDTHS, Accessor, Document, Primitive

if TYPE_CHECKING:
    import numpy as np

_TRIANGLES, _STRIP, _FAN = 4, 5, 6
_INDEX_TYPES = (5121, 5123, 5125)
# How often the accessors and pictures of a file may go over its bytes: many may read the same ones, within reason.
_READS = 64


class Geometry:
    """The geometry of a document: `check()` first, then `vertices`, `faces`, and per mesh its position arrays."""

    def __init__(self, document: Document, buffers: list[memoryview], size: int) -> None:
        self._document = document
        self._buffers = buffers
        self._size = size
        self.vertices = self.faces = 0
        # Accessor -> its positions and their bounds; accessor -> its largest index: shared ones are read once.
        self.positions: dict[int, tuple[np.ndarray, Bounds]] = {}
        self._largest: dict[int, int] = {}

    def check(self) -> None:
        """Check every buffer view, accessor and primitive."""
        for index, view in enumerate(self._document.buffer_views):
            end, length = view.byte_offset + view.byte_length, len(self._buffers[view.buffer])
            if end > length:
                expected = f"an end within the buffer's {length:,} bytes"
                raise broken(f"bufferViews[{index}]", expected, f"{end:,}", "object3d.bytes")
        for index, accessor in enumerate(self._document.accessors):
            self._check_accessor(index, accessor)
        self._check_amount()
        for index, accessor in enumerate(self._document.accessors):
            if accessor.sparse is not None:
                self._read_sparse_indices(accessor, f"accessors[{index}]")
        for number, mesh in enumerate(self._document.meshes):
            for part, primitive in enumerate(mesh.primitives):
                self._check_primitive(primitive, f"meshes[{number}].primitives[{part}]")

    def _check_accessor(self, index: int, accessor: Accessor) -> None:
        at = f"accessors[{index}]"
        if accessor.buffer_view is not None:
            self._check_range(accessor.buffer_view, accessor.byte_offset, accessor.count, accessor.size, accessor, at)
        elif accessor.count > self._size:
            # All zeros by the specification; nothing real has more of them than the file has bytes.
            expected = "a bufferView, or fewer elements than the file has bytes"
            raise broken(at, expected, f"a count of {accessor.count:,} without data", "object3d.bytes")
        sparse = accessor.sparse
        if sparse is not None:
            if sparse.count > accessor.count:
                raise broken(
                    f"{at}.sparse", f"at most {accessor.count:,} elements", f"{sparse.count:,}", "object3d.bytes"
                )
            indices, values = sparse.indices, sparse.values
            size = int(COMPONENTS[indices.component_type][-1])
            self._check_range(
                indices.buffer_view, indices.byte_offset, sparse.count, size, None, f"{at}.sparse.indices"
            )
            self._check_range(
                values.buffer_view, values.byte_offset, sparse.count, accessor.size, None, f"{at}.sparse.values"
            )

    def _check_amount(self) -> None:
        """Refuse a file whose many accessors share the same bytes to make reading it endless."""
        document = self._document
        amount = sum(accessor.count * accessor.size for accessor in document.accessors)
        amount += sum(4 * accessor.sparse.count for accessor in document.accessors if accessor.sparse is not None)
        pictures = [image.buffer_view for image in document.images if image.buffer_view is not None]
        amount += sum(document.buffer_views[view].byte_length for view in pictures)
        most = _READS * self._size
        if amount > most:
            expected = f"accessors and images that read at most {_READS} times the file's bytes, {most:,}"
            raise broken("accessors", expected, f"{amount:,}", "object3d.bytes")

    def _check_range(self, view: int, offset: int, count: int, size: int, accessor: Accessor | None, at: str) -> None:
        found = self._document.buffer_views[view]
        stride = size if accessor is None else found.byte_stride or size
        if stride < size:
            raise broken(at, f"a byteStride of at least {size}", f"{stride}", "object3d.bytes")
        end = offset + (count - 1) * stride + size
        if end > found.byte_length:
            expected = f"at most the {found.byte_length:,} bytes of bufferViews[{view}]"
            raise broken(at, expected, f"{count:,} elements that end at {end:,}", "object3d.bytes")
        alignment = 1 if accessor is None else int(COMPONENTS[accessor.component_type][-1])
        if (found.byte_offset + offset) % alignment:
            expected = f"an offset that is a multiple of {alignment}"
            raise broken(at, expected, f"{found.byte_offset + offset:,}", "object3d.bytes")

    def _check_primitive(self, primitive: Primitive, at: str) -> None:
        position = primitive.attributes.get("POSITION")
        if position is None:
            return
        accessors = self._document.accessors
        count = accessors[position].count
        for attributes in (primitive.attributes, *primitive.targets):
            for name, index in attributes.items():
                if accessors[index].count != count:
                    expected = f"{count:,} elements like POSITION"
                    raise broken(f"{at}.{name[:40]}", expected, f"{accessors[index].count:,}", "object3d.bytes")
        self._read_positions(position, at)
        self.vertices += count
        drawn = count
        if primitive.indices is not None:
            drawn = accessors[primitive.indices].count
            largest = self._read_largest(primitive.indices, at)
            if largest >= count:
                raise broken(f"{at}.indices", f"an index below {count:,}", f"{largest:,}", "object3d.index")
        if primitive.mode == _TRIANGLES:
            self.faces += drawn // 3
        elif primitive.mode in (_STRIP, _FAN):
            self.faces += max(drawn - 2, 0)

    def triangles(self, primitive: Primitive) -> np.ndarray | None:
        """Return the triangles of a checked primitive, m x 3; None for points, lines and what has no positions."""
        import numpy as np

        position = primitive.attributes.get("POSITION")
        if position is None or primitive.mode not in (_TRIANGLES, _STRIP, _FAN):
            return None
        if primitive.indices is None:
            order = np.arange(self._document.accessors[position].count)
        else:
            order = self._read(self._document.accessors[primitive.indices]).reshape(-1).astype(np.int64)
        if primitive.mode == _TRIANGLES:
            return order[: len(order) // 3 * 3].reshape(-1, 3)
        if len(order) < 3:
            return np.zeros((0, 3), np.int64)
        if primitive.mode == _STRIP:
            return np.stack([order[:-2], order[1:-1], order[2:]], axis=1)
        return np.stack([np.full(len(order) - 2, order[0]), order[1:-1], order[2:]], axis=1)

    def _read_positions(self, index: int, at: str) -> None:
        import numpy as np

        if index in self.positions:
            return
        accessor = self._document.accessors[index]
        quantised = "KHR_mesh_quantization" in self._document.extensions_used and accessor.component_type != 5125
        if accessor.type != "VEC3" or not (accessor.component_type == 5126 or quantised):
            got = f"{accessor.type} of component type {accessor.component_type}"
            raise broken(f"{at}.POSITION", "VEC3 of float (5126)", got)
        positions = self._read(accessor)
        if positions.dtype.kind != "f":
            highest = float(np.iinfo(positions.dtype).max) if accessor.normalized else 1.0
            positions = np.maximum(positions / highest, -1.0 if accessor.normalized else -np.inf)
        box = bound(positions, f"accessors[{index}]")
        assert box is not None  # a count is at least 1
        self.positions[index] = positions, box

    def _read_largest(self, index: int, at: str) -> int:
        accessor = self._document.accessors[index]
        if accessor.type != "SCALAR" or accessor.component_type not in _INDEX_TYPES:
            got = f"{accessor.type} of component type {accessor.component_type}"
            raise broken(f"{at}.indices", "SCALAR of an unsigned integer type (5121, 5123 or 5125)", got)
        if index not in self._largest:
            self._largest[index] = int(self._read(accessor).max())
        return self._largest[index]

    def _read(self, accessor: Accessor) -> np.ndarray:
        """Return count x width elements: a view of the bytes where nothing is sparse."""
        import numpy as np

        width, dtype = WIDTHS[accessor.type], np.dtype(COMPONENTS[accessor.component_type])
        if accessor.buffer_view is None:
            elements = np.zeros((accessor.count, width), dtype)
        else:
            view = self._document.buffer_views[accessor.buffer_view]
            strides = (view.byte_stride or accessor.size, dtype.itemsize)
            offset = view.byte_offset + accessor.byte_offset
            elements = np.ndarray((accessor.count, width), dtype, self._buffers[view.buffer], offset, strides)
        if accessor.sparse is not None:
            elements = elements.copy()
            elements[self._read_sparse_indices(accessor, "sparse")] = self._read_sparse_values(accessor)
        return elements

    def _read_sparse_indices(self, accessor: Accessor, at: str) -> np.ndarray:
        import numpy as np

        assert accessor.sparse is not None
        where = accessor.sparse.indices
        view = self._document.buffer_views[where.buffer_view]
        offset = view.byte_offset + where.byte_offset
        dtype = COMPONENTS[where.component_type]
        indices = np.ndarray((accessor.sparse.count,), dtype, self._buffers[view.buffer], offset)
        if int(indices.max()) >= accessor.count:
            expected = f"an index below {accessor.count:,}"
            raise broken(f"{at}.sparse.indices", expected, f"{int(indices.max()):,}", "object3d.index")
        return indices

    def _read_sparse_values(self, accessor: Accessor) -> np.ndarray:
        import numpy as np

        assert accessor.sparse is not None
        values = accessor.sparse.values
        view = self._document.buffer_views[values.buffer_view]
        shape = accessor.sparse.count, WIDTHS[accessor.type]
        offset = view.byte_offset + values.byte_offset
        return np.ndarray(shape, COMPONENTS[accessor.component_type], self._buffers[view.buffer], offset)
