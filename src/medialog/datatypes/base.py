"""DataType: what every type has in common, and the list form of them all.

A type is constructed (its input normalised and checked), encoded (`encode(sink)` gives a JSON descriptor and writes
files), and decoded again. It sees a sink, never a run, a key or a step. What all types do the same way is done here.
"""

from __future__ import annotations

import copy
import functools
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

import msgspec
from msgspec import UNSET, Meta, UnsetType

from medialog.datatypes.files import MemorySink, Sink, Source
from medialog.validators import checks
from medialog.validators import rules as rulebook
from medialog.validators.errors import (
    Advice,
    DataChanged,
    Error,
    InvalidDescriptor,
    InvalidInput,
    MedialogWarning,
    UnknownKind,
    Violation,
)
from medialog.wire import display, jsontext, kinds, names
from medialog.wire.fileref import FileRef

if TYPE_CHECKING:
    from medialog.validators.rules import Rules, Strictness

# --- descriptor models: the only definition of the wire form ------------------------------------------------------

Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="SHA-256 of the file's bytes, in hexadecimal")]
MediaPath = Annotated[
    str,
    Meta(
        pattern=f"^{names.MEDIA_PATH_PATTERN}$",
        description="where the file is, relative to the run directory or the sink's directory",
        examples=["media/c1/c1ec05" + "0" * 58 + ".png"],
    ),
]
Size = Annotated[int, Meta(ge=0, description="length of the file in bytes")]
Count = Annotated[int, Meta(ge=0)]
Caption = Annotated[
    str,
    Meta(description="text shown with the value", extra_json_schema={"x-medialog-limit": "caption.length"}),
]
Pixels = Annotated[int, Meta(ge=1, description="pixels", extra_json_schema={"x-medialog-limit": "image.side"})]


class Model(msgspec.Struct, tag_field="_type", forbid_unknown_fields=True, kw_only=True):
    """The base of every descriptor model. A field that is `UNSET` is not written."""


class Change(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A conversion that was applied to the value on its way into the file."""

    id: Annotated[str, Meta(min_length=1, description="the stable id of the conversion")]
    detail: Annotated[str, Meta(description="what was done, in words")]
    lossy: Annotated[bool, Meta(description="something was lost that the caller may have wanted (see `strict`)")]
    count: Annotated[int, Meta(ge=0, description="how many elements were affected")] | UnsetType = UNSET


Changes = Annotated[list[Change], Meta(description="every conversion that altered the value", min_length=1)]


class FileModel(Model):
    """What every descriptor of a file has."""

    path: MediaPath
    sha256: Sha256
    size: Size


def file_fields(reference: FileRef) -> dict[str, Any]:
    """Return the three fields of a `FileModel`."""
    return {"path": reference.path, "sha256": reference.sha256, "size": reference.size}


# --- the change log of one value ------------------------------------------------------------------------------------


class ChangeLog:
    """Collects the conversions of one value, and holds `strict` for those that lose something."""

    def __init__(self, rules: Rules, what: str) -> None:
        self.changes: list[Change] = []
        self._rules = rules
        self._what = what

    def record(self, id: str, detail: str, count: int | None = None) -> None:
        """Note a documented conversion."""
        self.changes.append(Change(id=id, detail=detail, lossy=False, count=UNSET if count is None else count))

    def lose(self, id: str, detail: str, count: int | None = None) -> None:
        """Note a conversion that loses something; under `strict="error"` an `InvalidInput` instead."""
        if self._rules.strict == "error":
            many = f" ({count:,} element{'s' * (count > 1)})" if count else ""
            raise InvalidInput(Violation(self._what, id, "nothing lost under strict='error'", f"{detail}{many}"))
        self.changes.append(Change(id=id, detail=detail, lossy=True, count=UNSET if count is None else count))


# --- DataType -------------------------------------------------------------------------------------------------------


class DataType:
    """A value that was checked and can be stored.

    A subclass says `class Image(DataType, kind="image-file", list_kind="images/separated")` and gives:

    - `Descriptor` (and `ListDescriptor` where it has a list kind): the models of its wire forms;
    - `__init__`: normalise and check, snapshot what the caller may change, call `self._begin(...)` first;
    - `build(sink)`: write the files and return the model;
    - `decode(descriptor, source)`: the way back;
    - `documented_rules`, `documented_changes`: every rule and conversion id it can raise or record, in a sentence;
    - `list_columns(descriptors)`: the keys that its list form adds for readers of W&B's form.
    """

    kind: ClassVar[str] = ""
    list_kind: ClassVar[str | None] = None
    Descriptor: ClassVar[type[Model]]
    ListDescriptor: ClassVar[type[Model] | None] = None
    list_limit: ClassVar[str | None] = None
    list_advice: ClassVar[str | None] = None
    documented_rules: ClassVar[Mapping[str, str]] = {}
    documented_changes: ClassVar[Mapping[str, str]] = {}
    increment_kind: ClassVar[str | None] = None

    caption: str | None = None
    _rules: Rules
    _changes: list[Change]

    def __init_subclass__(cls, kind: str | None = None, list_kind: str | None = None, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if "__init__" in cls.__dict__:
            cls.__init__ = _reading(cls.__init__)  # type: ignore[method-assign]
        if kind is None:
            return
        cls.kind, cls.list_kind = kind, list_kind
        for name in (kind, list_kind):
            if name is not None:
                kinds.claim(name, cls)

    # construction

    def _begin(
        self,
        limits: Mapping[str, Any] | None = None,
        strict: Strictness | None = None,
        caption: str | None = None,
    ) -> ChangeLog:
        """Pin the rules, check the caption, open the change log. The first line of every constructor."""
        self._rules = rulebook.current().but(limits, strict)
        checks.refuse([_at(checks.caption(caption, self._rules), type(self).__name__)])
        self.caption = caption
        log = ChangeLog(self._rules, type(self).__name__)
        self._changes = log.changes
        return log

    @property
    def changes(self) -> tuple[Change, ...]:
        """Return the conversions that were applied to the value."""
        return tuple(self._changes)

    def _common(self) -> dict[str, Any]:
        """Return the fields that every descriptor ends with."""
        return {
            "caption": UNSET if self.caption is None else self.caption,
            "changes": self._changes or UNSET,
        }

    # encoding

    def build(self, sink: Sink) -> Model:
        """Write the files to `sink` and return the descriptor's model."""
        raise NotImplementedError(f"{type(self).__name__}.build")

    def encode(self, sink: Sink) -> dict[str, Any]:
        """Write the files to `sink` and return the descriptor: plain JSON. Warns once per object of what was lost."""
        if self._rules.strict == "warn" and not getattr(self, "_warned", False):
            self._warned = True
            for category, id, sentence in self.notices():
                warnings.warn(f"{type(self).__name__}: {sentence} [{id}]", category, stacklevel=2)
        return self.encode_into(sink)

    def encode_into(self, sink: Sink) -> dict[str, Any]:
        """The same without the warning, for a caller that issues it itself."""
        descriptor: dict[str, Any] = msgspec.to_builtins(self.build(sink))
        return descriptor

    def frozen(self) -> Any:
        """Return the value as it is now, for a caller that encodes it later; a type that can change gives this."""
        return self

    def notices(self) -> Iterator[tuple[type[MedialogWarning], str, str]]:
        """Yield `(category, id, sentence)` of everything to warn about: what was lost, and what looks wrong."""
        if self._rules.strict == "warn":
            yield from ((DataChanged, change.id, change.detail) for change in self._all_changes() if change.lossy)
            yield from ((Advice, rule, sentence) for rule, sentence in self.advice())

    def _all_changes(self) -> Iterable[Change]:
        """Return the changes of this value and of the values inside it."""
        return self._changes

    def advice(self) -> Iterator[tuple[str, str]]:
        """Yield `(rule, sentence)` for what is kept as given but looks wrong; the run warns once per key and rule."""
        return iter(())

    @property
    def is_incremental(self) -> bool:
        """Say whether a run stores only what was added since it logged this value last (see `encode_rows`)."""
        return False

    def encode_rows(self, sink: Sink, start: int = 0, previous: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Write what comes after the first `start` rows; a type with an `increment_kind` gives this."""
        raise NotImplementedError(f"{type(self).__name__}.encode_rows")

    @classmethod
    def decode(cls, descriptor: Mapping[str, Any], source: Source) -> Self:
        """Return the value that `descriptor` and the files of `source` describe."""
        raise NotImplementedError(f"{cls.__name__}.decode")

    @classmethod
    def decode_whole(cls, descriptor: Mapping[str, Any], source: Source) -> DataType:
        """Return the value that was logged; of an increment, the value with everything that was logged before it."""
        return cls.decode(descriptor, source)

    @classmethod
    def read_model(cls, descriptor: Mapping[str, Any]) -> Any:
        """Return the checked model of a descriptor; `InvalidDescriptor` with every violation when it is not one."""
        from medialog.validators.descriptors import check_descriptor, without_extensions

        check_descriptor(descriptor)
        try:
            return msgspec.convert(descriptor, cls.Descriptor)
        except msgspec.ValidationError:  # the models know no x-* keys, which the schemas allow
            return msgspec.convert(without_extensions(descriptor), cls.Descriptor)

    @classmethod
    def restore(cls, caption: str | UnsetType, changes: list[Change] | UnsetType) -> Self:
        """Return an empty object for `decode` to fill, with the common fields set and no input checked."""
        self = cls.__new__(cls)
        self._rules = rulebook.current()
        self.caption = None if isinstance(caption, UnsetType) else caption
        self._changes = [] if isinstance(changes, UnsetType) else list(changes)
        return self

    # the list form

    @classmethod
    def list_columns(cls, descriptors: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return the keys that the list form adds, derived from the single descriptors."""
        return {}

    @classmethod
    def descriptor_violations(cls, descriptor: Mapping[str, Any], rules: Rules) -> Iterator[Violation]:
        """Yield what a structurally valid descriptor of this type still breaks: rules across fields."""
        return iter(())

    # comparison

    def __eq__(self, other: object) -> bool:
        """Two values are equal when they store the same thing: same descriptors, hence same bytes."""
        if type(other) is not type(self):
            return NotImplemented
        assert isinstance(other, DataType)
        return self.encode_into(MemorySink()) == other.encode_into(MemorySink())

    __hash__ = None  # type: ignore[assignment]  # equal by content, and content is not hashed for a dict lookup

    def describe(self) -> str:
        """Return the facts that `repr` shows between its parentheses."""
        return ""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        """Return what a notebook shows of the value."""
        return display.bundle(self, include, exclude)

    def __repr__(self) -> str:
        caption = "" if self.caption is None else f", caption={checks.show(self.caption, 40)}"
        return f"{type(self).__name__}({self.describe()}{caption})"


def _reading(init: Callable[..., None]) -> Callable[..., None]:
    """Return a constructor that names the error of whoever's object it reads: the caller's mapping, list or file."""

    @functools.wraps(init)
    def construct(self: DataType, *args: Any, **keywords: Any) -> None:
        try:
            init(self, *args, **keywords)
        except (Error, Warning):
            raise
        except Exception as error:
            trace = error.__traceback__
            if trace is None or trace.tb_next is None:
                raise  # the call itself is wrong: an argument that is missing or not known
            name = type(self).__name__
            raise checks.unreadable_parts(name, error) from error

    return construct


def _at(violation: Violation | None, place: str) -> Violation | None:
    return None if violation is None else violation.within(place)


class MediaList:
    """A list of values of one type under one key.

    Encodes to the type's list descriptor, `{"_type": "images/separated", "count", ..., "items": [...]}`, or to a plain
    list of descriptors where W&B has no list form. `InvalidInput` when the types differ (the odd item is named) or
    there are more than the type's limit; nothing is ever dropped.
    """

    def __init__(self, items: Sequence[DataType], rules: Rules | None = None) -> None:
        self.items = list(items)
        self._rules = rules or rulebook.current()
        if not self.items:
            raise InvalidInput(Violation("list", "list.mixed", "at least one value", "an empty list"))
        for index, item in enumerate(self.items):
            if isinstance(item, MediaList):
                expected = "one value: a list of media is flat (log inner lists under keys of their own)"
                raise InvalidInput(Violation(f"[{index}]", "list.mixed", expected, f"a list of {len(item.items)}"))
        self.item_type = next((type(item) for item in self.items if isinstance(item, DataType)), DataType)
        for index, item in enumerate(self.items):
            if type(item) is not self.item_type:
                got = type(item).__name__ if isinstance(item, DataType) else checks.type_name(item)
                expected = f"{self.item_type.__name__} like the other items (log other types under other keys)"
                raise InvalidInput(Violation(f"[{index}]", "list.mixed", expected, got))
        if self.item_type.list_limit is not None:
            name = self.item_type.list_limit
            unit = f"{self.item_type.__name__} objects in a list"
            advice = f" (split it over several keys, or init(limits={{'{name}': ...}}))"
            checks.refuse([checks.at_most(len(self.items), name, "list", self._rules, unit, advice)])

    def frozen(self) -> Any:
        """Return the list as it is now, for a caller that encodes it later."""
        other = copy.copy(self)
        other.items = [item.frozen() for item in self.items]
        return other

    def encode_into(self, sink: Sink) -> dict[str, Any] | list[Any]:
        """Write every item's files and return the list descriptor."""
        descriptors = [item.encode_into(sink) for item in self.items]
        if self.item_type.list_kind is None:
            return descriptors
        return list_descriptor(self.item_type, descriptors)

    def notices(self) -> Iterator[tuple[type[MedialogWarning], str, str]]:
        """Yield what there is to warn about: of each item, and of the list's own length."""
        for item in self.items:
            yield from item.notices()
        if self.item_type.list_advice is not None:
            most = self._rules.limit(self.item_type.list_advice)
            if len(self.items) > most:
                sentence = f"{len(self.items)} {self.item_type.__name__} objects under one key, {most} are recommended"
                yield Advice, self.item_type.list_advice, sentence

    def __repr__(self) -> str:
        return f"MediaList({len(self.items)} x {self.item_type.__name__})"


def list_descriptor(cls: type[DataType], descriptors: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the list descriptor of `descriptors`: `items` is the truth, everything else derives from it."""
    columns = cls.list_columns(descriptors)
    return {"_type": cls.list_kind, "count": len(descriptors), **columns, "items": descriptors}


def captions_column(descriptors: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return `{"captions": [...]}` with null where an item has none; nothing when no item has one."""
    captions = [descriptor.get("caption") for descriptor in descriptors]
    return {"captions": captions} if any(caption is not None for caption in captions) else {}


def decode(descriptor: Any, source: Source, *, whole: bool = False) -> Any:
    """Return the value of any descriptor: an object, a list of objects for a list form or a plain list of descriptors.

    `whole`: of an increment, the value with all increments up to it, as `DataType.decode_whole` gives it.

    `UnknownKind` when nobody reads its `_type`, `InvalidDescriptor` when it is not what its schema says,
    `DamagedFile` when a file is missing or changed, `UnsafePath` when it points elsewhere.
    """
    return _decode(descriptor, source, whole, 1)


def _decode(descriptor: Any, source: Source, whole: bool, depth: int) -> Any:
    if isinstance(descriptor, list) and depth <= jsontext.MAX_DEPTH:
        return [_decode(item, source, whole, depth + 1) for item in descriptor]
    kind = descriptor.get("_type") if isinstance(descriptor, Mapping) else None
    if not isinstance(kind, str):
        raise InvalidDescriptor(
            Violation("$._type", "descriptor.kind", "a descriptor with a `_type`", checks.show(descriptor))
        )
    cls = find(kind)
    if kind == cls.list_kind:
        from medialog.validators.descriptors import check_descriptor

        check_descriptor(descriptor)
        return [cls.decode(item, source) for item in descriptor["items"]]
    return cls.decode_whole(descriptor, source) if whole else cls.decode(descriptor, source)


def find(kind: str) -> type[DataType]:
    """Return the class of a wire kind; `UnknownKind` lists the known ones."""
    try:
        found: type[DataType] = kinds.find_class(kind)
    except KeyError:
        raise UnknownKind(
            f"no type writes {checks.show(kind)}; known kinds: {', '.join(kinds.known_kinds())}"
        ) from None
    return found
