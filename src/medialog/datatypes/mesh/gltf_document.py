"""The parts of a glTF 2.0 document that decide whether it is whole, as models. What else a document has is not read."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Index = Annotated[int, Meta(ge=0)]
Offset = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
ComponentType = Literal[5120, 5121, 5122, 5123, 5125, 5126]

# Component type -> numpy's type of it.
COMPONENTS = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}


class _Part(msgspec.Struct, rename="camel"):
    """A part of a document; keys that are not listed are skipped."""


class Asset(_Part):
    """Who wrote it, in which version."""

    version: str
    min_version: str | None = None


class Buffer(_Part):
    """A run of bytes: the binary chunk, or a data URI."""

    byte_length: Positive
    uri: str | None = None


class BufferView(_Part):
    """A part of a buffer."""

    buffer: Index
    byte_length: Positive
    byte_offset: Offset = 0
    byte_stride: Annotated[int, Meta(ge=4, le=252, multiple_of=4)] | None = None


class SparseIndices(_Part):
    """Which elements a sparse accessor replaces."""

    buffer_view: Index
    component_type: Literal[5121, 5123, 5125]
    byte_offset: Offset = 0


class SparseValues(_Part):
    """What a sparse accessor puts there."""

    buffer_view: Index
    byte_offset: Offset = 0


class Sparse(_Part):
    """The elements of an accessor that differ from its buffer view."""

    count: Positive
    indices: SparseIndices
    values: SparseValues


class Accessor(_Part):
    """A typed array in a buffer view."""

    component_type: ComponentType
    count: Positive
    type: Literal["SCALAR", "VEC2", "VEC3", "VEC4", "MAT2", "MAT3", "MAT4"]
    buffer_view: Index | None = None
    byte_offset: Offset = 0
    normalized: bool = False
    sparse: Sparse | None = None

    @property
    def size(self) -> int:
        """Return the bytes of one element; columns of matrices begin at multiples of four."""
        width, component = WIDTHS[self.type], int(COMPONENTS[self.component_type][-1])
        if self.type == "MAT2" and component == 1:
            return 8
        if self.type == "MAT3" and component < 4:
            return 12 * component
        return width * component


class Primitive(_Part):
    """What is drawn at once: attributes by name, and maybe indices into them."""

    attributes: dict[str, Index]
    indices: Index | None = None
    mode: Annotated[int, Meta(ge=0, le=6)] = 4
    material: Index | None = None
    targets: list[dict[str, Index]] = []


class Mesh(_Part):
    """Primitives that belong together."""

    primitives: Annotated[list[Primitive], Meta(min_length=1)]


class Node(_Part):
    """A place in the scene."""

    children: list[Index] = []
    mesh: Index | None = None
    skin: Index | None = None
    camera: Index | None = None
    matrix: Annotated[list[float], Meta(min_length=16, max_length=16)] | None = None
    translation: Annotated[list[float], Meta(min_length=3, max_length=3)] | None = None
    rotation: Annotated[list[float], Meta(min_length=4, max_length=4)] | None = None
    scale: Annotated[list[float], Meta(min_length=3, max_length=3)] | None = None


class Scene(_Part):
    """The roots of what is shown."""

    nodes: list[Index] = []


class Image(_Part):
    """A picture: a buffer view or a data URI."""

    uri: str | None = None
    buffer_view: Index | None = None


class Texture(_Part):
    """A picture and how it is sampled."""

    source: Index | None = None
    sampler: Index | None = None


class Skin(_Part):
    """The joints of a skinned mesh."""

    joints: Annotated[list[Index], Meta(min_length=1)]
    inverse_bind_matrices: Index | None = None
    skeleton: Index | None = None


class AnimationTarget(_Part):
    """What a channel moves."""

    node: Index | None = None


class Channel(_Part):
    """A sampler applied to a target."""

    sampler: Index
    target: AnimationTarget


class AnimationSampler(_Part):
    """Key frames: times and values."""

    input: Index
    output: Index


class Animation(_Part):
    """Channels and their samplers."""

    channels: list[Channel]
    samplers: list[AnimationSampler]


class Document(_Part):
    """A glTF document."""

    asset: Asset
    extensions_used: list[str] = []
    extensions_required: list[str] = []
    buffers: list[Buffer] = []
    buffer_views: list[BufferView] = []
    accessors: list[Accessor] = []
    meshes: list[Mesh] = []
    nodes: list[Node] = []
    scenes: list[Scene] = []
    scene: Index | None = None
    images: list[Image] = []
    textures: list[Texture] = []
    materials: list[dict[str, object]] = []
    samplers: list[dict[str, object]] = []
    skins: list[Skin] = []
    cameras: list[dict[str, object]] = []
    animations: list[Animation] = []
