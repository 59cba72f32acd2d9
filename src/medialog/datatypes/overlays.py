"""Overlays of an image: masks, boxes and the classes they name.

Source: the guide's "Images and overlays". Each is a named layer of an `Image` (`masks={"predictions": {...}}`) and
keeps its own class labels; a class id without a label is `class_<id>`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import msgspec
from msgspec import UNSET, Meta, UnsetType

from medialog.datatypes import arrays, picture_file, png
from medialog.datatypes.base import ChangeLog, Changes, DataType, FileModel, Model, Pixels, file_fields
from medialog.datatypes.files import Sink, Source, read_input, read_reference
from medialog.validators import checks
from medialog.validators.errors import DamagedFile, InvalidInput, Violation, WrongType
from medialog.wire import jsontext
from medialog.wire.fileref import FileRef

if TYPE_CHECKING:
    import numpy as np

    from medialog.validators.rules import Rules, Strictness

# So many class ids of a mask are looked at before all of them.
_SAMPLED = 1 << 14

ClassLabels = Annotated[dict[str, str], Meta(description="class id, in decimal digits, to its name")]


class ClassEntry(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One class: its id and its name."""

    id: Annotated[int, Meta(ge=0)]
    name: str


class ClassesDescriptor(Model, tag="classes"):
    """The wire form of a set of classes."""

    class_set: Annotated[list[ClassEntry], Meta(description="the classes, by id")]


class MaskDescriptor(FileModel, tag="mask"):
    """The wire form of a mask: a grey PNG whose pixel values are class ids."""

    format: Literal["png"]
    width: Pixels
    height: Pixels
    bits: Annotated[Literal[8, 16], Meta(description="bits per pixel: class ids up to 255 or 65,535")]
    class_labels: ClassLabels
    lossless: bool
    changes: Changes | UnsetType = UNSET


class BoxesDescriptor(FileModel, tag="boxes2D"):
    """The wire form of a layer of boxes: a JSON file of `box_data` and `class_labels`."""

    count: Annotated[int, Meta(ge=0, extra_json_schema={"x-medialog-limit": "boxes.per_layer"})]
    class_labels: ClassLabels
    lossless: bool
    changes: Changes | UnsetType = UNSET


def check_class_labels(labels: Any, at: str, most: int) -> dict[int, str]:
    """Return `{int: str}` with Python ints as keys; `InvalidInput` for other keys, values, or ids outside 0..`most`."""
    if labels is None:
        return {}
    if not isinstance(labels, Mapping):
        raise checks.wrong_type(f"{at}.class_labels", "overlay.class_labels", "a mapping of class id to name", labels)
    result: dict[int, str] = {}
    found: list[Violation | None] = []
    for key, name in labels.items():
        number = checks.whole_number(key)
        place = f"{at}.class_labels[{checks.show(key)}]"
        if number is None or not 0 <= number <= most:
            found.append(Violation(place, "overlay.class_labels", f"a class id in 0..{most}", checks.show(key)))
        else:
            found.append(checks.text(name, place, "overlay.class_labels"))
            result[number] = name
    checks.refuse(found)
    return result


def labels_to_json(labels: Mapping[int, str]) -> dict[str, str]:
    """Return class labels with string keys, by id."""
    return {str(number): labels[number] for number in sorted(labels)}


def labels_from_json(labels: Mapping[str, str]) -> dict[int, str]:
    """Return class labels with integer keys."""
    return {int(number): name for number, name in labels.items()}


def label_violations(labels: Mapping[str, str], at: str, most: int) -> Iterator[Violation]:
    """Yield what a descriptor's class labels break."""
    for key in labels:
        if not (key.isascii() and key.isdecimal() and len(key) <= 10 and int(key) <= most):
            yield Violation(
                f"{at}.{key}"[:80], "overlay.class_labels", f"a class id in 0..{most}, in digits", repr(key)[:40]
            )


def _members(layer: Any, at: str, allowed: Sequence[str], what: str) -> Mapping[str, Any]:
    """Return `layer` when it is a mapping with known members only."""
    if not isinstance(layer, Mapping):
        raise checks.wrong_type(at, "overlay.members", f"a mapping with {what}", layer)
    unknown = [key for key in layer if key not in allowed]
    checks.refuse(
        Violation(f"{at}[{checks.show(key)}]", "overlay.members", f"one of {', '.join(allowed)}", "an unknown member")
        for key in unknown
    )
    return layer


class Classes(DataType, kind="classes"):
    """A set of classes: `Classes([{"id": 1, "name": "tree"}, ...])`, for `Image(classes=...)`.

    Ids are whole numbers >= 0 and stand once; names are text. Raises `InvalidInput`.
    """

    Descriptor = ClassesDescriptor
    documented_rules = {"classes.entry": "a class is {'id': whole number >= 0, 'name': text}, each id once"}

    def __init__(self, class_set: Sequence[Mapping[str, Any]]) -> None:
        self._begin()
        if isinstance(class_set, (str, bytes, Mapping)) or not isinstance(class_set, Sequence):
            raise checks.wrong_type("Classes", "classes.entry", "a list of {'id': ..., 'name': ...}", class_set)
        self.labels: dict[int, str] = {}
        found: list[Violation | None] = []
        for index, entry in enumerate(class_set):
            place = f"Classes[{index}]"
            members = set(entry) if isinstance(entry, Mapping) else set()
            number = checks.whole_number(entry["id"]) if members == {"id", "name"} else None
            if number is None or number < 0:
                expected = "{'id': whole number >= 0, 'name': text}"
                found.append(Violation(place, "classes.entry", expected, checks.show(entry)))
            elif number in self.labels:
                found.append(Violation(place, "classes.entry", "each id once", f"id {number} again"))
            else:
                found.append(checks.text(entry["name"], f"{place}.name", "classes.entry"))
                self.labels[number] = entry["name"]
        checks.refuse(found)

    def build(self, sink: Sink) -> ClassesDescriptor:
        """Return the descriptor; there is no file."""
        return ClassesDescriptor(class_set=[ClassEntry(id=i, name=self.labels[i]) for i in sorted(self.labels)])

    @classmethod
    def decode(cls, descriptor: Mapping[str, Any], source: Source) -> Self:
        """Return the classes of a descriptor."""
        model: ClassesDescriptor = cls.read_model(descriptor)
        return cls([{"id": entry.id, "name": entry.name} for entry in model.class_set])

    @classmethod
    def descriptor_violations(cls, descriptor: Mapping[str, Any], rules: Rules) -> Iterator[Violation]:
        """Yield ids that stand twice."""
        seen: set[int] = set()
        for index, entry in enumerate(descriptor["class_set"]):
            if entry["id"] in seen:
                place = f"$.class_set[{index}].id"
                yield Violation(place, "classes.entry", "each id once", f"id {entry['id']} again")
            seen.add(entry["id"])

    def describe(self) -> str:
        """Return the number of classes."""
        return f"{len(self.labels)} classes"


class ImageMask(DataType, kind="mask"):
    """A mask: one class id per pixel of an image.

    `val` is `{"mask_data": ids, "class_labels": {id: name}}` or `{"path": file, "class_labels": ...}`, with
    `"bits": 16` for ids above 255. `mask_data` is H x W of an integer or boolean dtype (or lists, or a tensor), values
    0..255 (0..65,535 with 16 bits). A file is a PNG of one channel: grey (stored as it is), or palette or
    black-and-white (stored as grey ids, recorded). `key`, the layer's name in W&B's signature, is only used in
    messages. `classes` gives names that the layer itself does not. Raises `InvalidInput`; source: the guide's
    "Segmentation masks".
    """

    Descriptor = MaskDescriptor
    documented_rules = {
        "mask.data": "a layer has mask_data or path, one of them",
        "mask.shape": "a mask is H x W, as large as its image",
        "mask.dtype": "class ids are integers or booleans",
        "mask.bits": "bits is 8 or 16",
        "mask.class_id": "class ids lie in `mask.class_id`",
        "mask.class_id_16": "with bits=16, class ids lie in `mask.class_id_16`",
        "mask.file": "a mask file is a PNG of one channel",
        "overlay.members": "a layer has no unknown members",
        "overlay.class_labels": "class labels map class ids to text",
    }
    documented_changes = {"mask.regrey": "a palette or black-and-white PNG stored as grey class ids"}

    def __init__(
        self,
        val: Mapping[str, Any],
        key: str = "mask",
        *,
        classes: Mapping[int, str] | None = None,
        limits: Mapping[str, Any] | None = None,
        strict: Strictness | None = None,
    ) -> None:
        log = self._begin(limits, strict)
        at = key
        members = _members(val, at, ("mask_data", "path", "class_labels", "bits"), "mask_data or path")
        if ("mask_data" in members) == ("path" in members):
            got = "both" if "path" in members else "neither"
            raise InvalidInput(Violation(at, "mask.data", "mask_data or path", got))
        bits = members.get("bits", 8)
        checks.refuse([checks.one_of(bits, (8, 16), f"{at}.bits", "mask.bits")])
        self.bits: int = bits
        self._encoded: bytes | None = None
        if "mask_data" in members:
            self._ids = self._check_ids(members["mask_data"], f"{at}.mask_data")
        else:
            self._ids = self._read_file(members["path"], f"{at}.path", log)
        self.height, self.width = self._ids.shape
        given = check_class_labels(members.get("class_labels"), at, self._most)
        self.class_labels = {number: f"class_{number}" for number in _present(self._ids)}
        self.class_labels.update((n, name) for n, name in (classes or {}).items() if n <= self._most)
        self.class_labels.update(given)

    @property
    def _most(self) -> int:
        return 255 if self.bits == 8 else 65_535

    def _check_ids(self, data: Any, at: str) -> np.ndarray:
        import numpy as np

        ids = arrays.to_numpy(data, at, self._rules)
        if ids.ndim == 3 and ids.shape[2] == 1:
            ids = ids[:, :, 0]
        if ids.ndim != 2 or not ids.size:
            raise InvalidInput(Violation(at, "mask.shape", "H x W class ids", f"shape {ids.shape}"))
        if ids.dtype.kind not in "biu":
            raise InvalidInput(Violation(at, "mask.dtype", "integer or boolean class ids", f"dtype {ids.dtype}"))
        limit = "a class id" if self.bits == 16 else "a class id (bits=16 goes to 65,535)"
        picture_file.check_size(ids.shape[1], ids.shape[0], at, self._rules)
        rule = "mask.class_id_16" if self.bits == 16 else "mask.class_id"
        low, high = self._rules.limit(rule)
        checks.refuse([checks.within(ids, low, high, at, rule, limit)])
        cast = ids.astype(np.uint8 if self.bits == 8 else np.uint16, copy=False)
        return cast if cast is not ids and cast.flags.c_contiguous else arrays.in_rows(cast)

    def _read_file(self, data: Any, at: str, log: ChangeLog) -> np.ndarray:
        import numpy as np

        content = read_input(data, at, self._rules)
        if content is None:
            raise checks.wrong_type(at, "file.kind", "a path, bytes or an open file", data)
        picture, format = picture_file.open_picture(content, at, self._rules)
        grey = {8: ("L",), 16: ("I;16", "L")}[self.bits]
        if format != "png" or picture.mode not in (*grey, "P", "1"):
            expected = f"a PNG of one channel with {self.bits} bits"
            raise InvalidInput(Violation(at, "mask.file", expected, f"a {format.upper()} of mode {picture.mode}"))
        ids = np.array(picture, np.uint8 if self.bits == 8 else np.uint16)
        if (picture.mode == "L" and self.bits == 8) or picture.mode == "I;16":
            self._encoded = content.read()
        else:
            log.record("mask.regrey", f"PNG of mode {picture.mode} stored as {self.bits}-bit grey class ids")
        return ids

    def to_numpy(self) -> np.ndarray:
        """Return the class ids as an H x W uint8 or uint16 array."""
        return self._ids.copy()

    def build(self, sink: Sink) -> MaskDescriptor:
        """Write the grey PNG and return the descriptor."""
        if self._encoded is None:
            self._encoded = png.encode(self._ids)
        return MaskDescriptor(
            **file_fields(sink.write("mask.png", self._encoded)),
            format="png",
            width=self.width,
            height=self.height,
            bits=self.bits,  # type: ignore[arg-type]
            class_labels=labels_to_json(self.class_labels),
            lossless=True,
            changes=self._changes or UNSET,
        )

    @classmethod
    def decode(cls, descriptor: Mapping[str, Any], source: Source) -> Self:
        """Return the mask of a descriptor."""
        import numpy as np

        model: MaskDescriptor = cls.read_model(descriptor)
        self = cls.restore(UNSET, model.changes)
        self._encoded = read_reference(source, FileRef(model.path, model.sha256, model.size))
        picture = picture_file.load_stored(self._encoded, model.format)
        if picture.size != (model.width, model.height) or picture.mode not in ("L", "I;16"):
            raise DamagedFile(
                f"{model.path}: a mask of {model.width} x {model.height}, got {picture.size} {picture.mode}"
            )
        self._ids = np.asarray(picture).astype(np.uint8 if model.bits == 8 else np.uint16)
        self.bits, self.width, self.height = model.bits, model.width, model.height
        self.class_labels = labels_from_json(model.class_labels)
        return self

    @classmethod
    def descriptor_violations(cls, descriptor: Mapping[str, Any], rules: Rules) -> Iterator[Violation]:
        """Yield labels whose id does not fit."""
        most = 255 if descriptor["bits"] == 8 else 65_535
        yield from label_violations(descriptor["class_labels"], "$.class_labels", most)

    def describe(self) -> str:
        """Return size and number of classes."""
        return f"{self.height} x {self.width}, {len(self.class_labels)} classes"


def _present(ids: np.ndarray) -> list[int]:
    """Return the class ids that stand in a C-contiguous array, in order."""
    import numpy as np

    flat = ids.reshape(-1)
    low, high = int(flat.min()), int(flat.max())
    # An odd step, so that it goes through all columns.
    if high - low < _SAMPLED and np.count_nonzero(np.bincount(flat[:: flat.size // _SAMPLED | 1])) == high - low + 1:
        return list(range(low, high + 1))  # a few of them have every id that there can be
    # Masks are areas of one class: eight bytes that are those before them, or those above, bring no other.
    words = flat[: flat.nbytes // 8 * 8 // ids.itemsize].view(np.uint64)
    row = min(max(1, ids.shape[1] * ids.itemsize // 8), len(words))
    new = words[row:] != words[: len(words) - row]
    new &= words[row:] != words[row - 1 : -1]
    brought = np.concatenate([words[:row], words[row:].compress(new)]).view(ids.dtype)
    present = np.bincount(np.concatenate([brought, flat[words.nbytes // ids.itemsize :]]))
    return [int(number) for number in np.flatnonzero(present)]


_CORNERS = ("minX", "maxX", "minY", "maxY")
_MIDDLE = ("middle", "width", "height")
_MOST_BOX_CLASS = 2**31 - 1


class BoundingBoxes2D(DataType, kind="boxes2D"):
    """A layer of boxes over an image.

    `val` is `{"box_data": [box, ...], "class_labels": {id: name}}`. A box is

    - `position`: `{"minX", "maxX", "minY", "maxY"}` or `{"middle": [x, y], "width", "height"}`, finite, min <= max,
      sizes >= 0;
    - `domain`: `"percentage"` (the default: 0..1 of the picture) or `"pixel"`;
    - `class_id`: a whole number >= 0; `box_caption`: text; `scores`: `{name: finite number}`.

    Boxes that overhang the picture are kept as given, with one warning. Raises `InvalidInput`; source: the guide's
    "Bounding boxes". `key` and `classes` as for `ImageMask`.
    """

    Descriptor = BoxesDescriptor
    documented_rules = {
        "boxes.data": "box_data is a list of boxes",
        "boxes.per_layer": "a layer has at most `boxes.per_layer` boxes",
        "box.members": "a box has position and class_id, and may have domain, box_caption and scores",
        "box.position": "a position is minX, maxX, minY, maxY, or middle, width, height: "
        "finite, min <= max, sizes >= 0",
        "box.domain": "domain is 'percentage' or 'pixel'",
        "box.class_id": "a class id is a whole number >= 0",
        "box.caption": "a box caption is text",
        "box.scores": "scores map names to finite numbers",
        "box.outside": "boxes lie inside the picture (a warning: they are kept)",
        "overlay.members": "a layer has no unknown members",
        "overlay.class_labels": "class labels map class ids to text",
    }

    def __init__(
        self,
        val: Mapping[str, Any],
        key: str = "boxes",
        *,
        classes: Mapping[int, str] | None = None,
        limits: Mapping[str, Any] | None = None,
        strict: Strictness | None = None,
    ) -> None:
        self._begin(limits, strict)
        members = _members(val, key, ("box_data", "class_labels"), "box_data")
        data = members.get("box_data")
        at = f"{key}.box_data"
        if not isinstance(data, (list, tuple)):
            raise checks.wrong_type(at, "boxes.data", "a list of boxes", data)
        checks.refuse([checks.at_most(len(data), "boxes.per_layer", at, self._rules, "boxes")])
        found: list[Violation] = []
        self.boxes = [_check_box(box, f"{at}[{index}]", found, self._rules) for index, box in enumerate(data)]
        checks.refuse(found)
        given = check_class_labels(members.get("class_labels"), key, _MOST_BOX_CLASS)
        self.class_labels = {box["class_id"]: f"class_{box['class_id']}" for box in self.boxes}
        self.class_labels.update(classes or {})
        self.class_labels.update(given)

    def outside(self, width: int, height: int) -> int:
        """Return how many boxes reach beyond a picture of that size (in pixels)."""
        return sum(not _is_inside(box, width, height) for box in self.boxes)

    def build(self, sink: Sink) -> BoxesDescriptor:
        """Write the JSON file and return the descriptor."""
        labels = labels_to_json(self.class_labels)
        content = jsontext.dumps({"box_data": self.boxes, "class_labels": labels})
        reference = sink.write("boxes2D.json", content)
        return BoxesDescriptor(
            **file_fields(reference),
            count=len(self.boxes),
            class_labels=labels,
            lossless=True,
            changes=self._changes or UNSET,
        )

    @classmethod
    def decode(cls, descriptor: Mapping[str, Any], source: Source) -> Self:
        """Return the boxes of a descriptor."""
        model: BoxesDescriptor = cls.read_model(descriptor)
        data = read_reference(source, FileRef(model.path, model.sha256, model.size))
        try:
            content = jsontext.loads(data)
            labels = labels_from_json(content["class_labels"])
            return cls({"box_data": content["box_data"], "class_labels": labels})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedFile(f"{model.path}: no layer of boxes ({error!r:.120})") from error

    @classmethod
    def descriptor_violations(cls, descriptor: Mapping[str, Any], rules: Rules) -> Iterator[Violation]:
        """Yield labels that are no class ids."""
        yield from label_violations(descriptor["class_labels"], "$.class_labels", _MOST_BOX_CLASS)

    def describe(self) -> str:
        """Return the numbers of boxes and classes."""
        return f"{len(self.boxes)} boxes, {len(self.class_labels)} classes"


def _check_box(box: Any, at: str, found: list[Violation], rules: Rules) -> dict[str, Any]:
    """Return the box as plain JSON; what is wrong with it joins `found`."""
    if not isinstance(box, Mapping):
        raise WrongType(Violation(at, "box.members", "a mapping with position and class_id", checks.show(box)))
    known = ("position", "class_id", "domain", "box_caption", "scores")
    for name in box:
        if name not in known:
            found.append(Violation(at, "box.members", f"only {', '.join(known)}", f"{checks.show(name)}"))
    result: dict[str, Any] = {"position": _check_position(box.get("position"), f"{at}.position", found)}
    domain = box.get("domain")
    if domain is not None:
        wrong = checks.one_of(domain, ("percentage", "pixel"), f"{at}.domain", "box.domain")
        found.extend([wrong] if wrong else [])
        result["domain"] = domain
    number = checks.whole_number(box.get("class_id"))
    if number is None or not 0 <= number <= _MOST_BOX_CLASS:
        got = checks.show(box["class_id"]) if "class_id" in box else "nothing"
        found.append(Violation(f"{at}.class_id", "box.class_id", "a whole number >= 0", got))
    result["class_id"] = number
    caption = box.get("box_caption")
    if caption is not None:
        wrong = checks.text(caption, f"{at}.box_caption", "box.caption") or checks.at_most(
            len(caption), "caption.length", f"{at}.box_caption", rules, "characters"
        )
        found.extend([wrong] if wrong else [])
        result["box_caption"] = caption
    scores = box.get("scores")
    if scores is not None:
        result["scores"] = _check_scores(scores, f"{at}.scores", found)
    return result


def _check_position(position: Any, at: str, found: list[Violation]) -> dict[str, Any]:
    members = set(position) if isinstance(position, Mapping) else set()
    if members == set(_CORNERS):
        result = {name: _finite(position[name], f"{at}.{name}", found) for name in _CORNERS}
        for low, high in (("minX", "maxX"), ("minY", "maxY")):
            least, most = result[low], result[high]
            if least is not None and most is not None and least > most:
                got = f"{least:g} > {most:g}"
                found.append(Violation(at, "box.position", f"{low} <= {high}", got))
        return result
    if members == set(_MIDDLE):
        middle = position["middle"]
        given = arrays.to_numpy(middle, f"{at}.middle").tolist() if arrays.is_array_like(middle) else middle
        pair: list[Any] = [None, None]
        if not isinstance(given, (list, tuple)) or len(given) != 2:
            found.append(Violation(f"{at}.middle", "box.position", "[x, y]", checks.show(middle)))
        else:
            pair = [_finite(value, f"{at}.middle[{i}]", found) for i, value in enumerate(given)]
        sizes = {name: _finite(position[name], f"{at}.{name}", found) for name in ("width", "height")}
        for name, value in sizes.items():
            if value is not None and value < 0:
                found.append(Violation(f"{at}.{name}", "box.position", "a number >= 0", f"{value:g}"))
        return {"middle": pair, **sizes}
    expected = "{minX, maxX, minY, maxY} or {middle, width, height}"
    got = f"members {', '.join(sorted(map(str, members)))}" if members else checks.show(position)
    found.append(Violation(at, "box.position", expected, got))
    return {}


def _finite(value: Any, at: str, found: list[Violation]) -> float | int | None:
    number = checks.real_number(value)
    if number is None or not math.isfinite(number):
        found.append(Violation(at, "box.position", "a finite number", checks.show(value)))
        return None
    return number


def _check_scores(scores: Any, at: str, found: list[Violation]) -> dict[str, float | int | None]:
    if not isinstance(scores, Mapping):
        found.append(Violation(at, "box.scores", "a mapping of names to numbers", checks.show(scores)))
        return {}
    result: dict[str, float | int | None] = {}
    for name, value in scores.items():
        number = checks.real_number(value)
        place = f"{at}[{checks.show(name)}]"
        wrong = checks.text(name, place, "box.scores")
        if wrong is not None:
            found.append(wrong)
        elif number is None or not math.isfinite(number):
            found.append(Violation(place, "box.scores", "a finite number", checks.show(value)))
        else:
            result[name] = number
    return result


def _is_inside(box: Mapping[str, Any], width: int, height: int) -> bool:
    position = box["position"]
    if "middle" in position:
        (x, y), half_w, half_h = position["middle"], position["width"] / 2, position["height"] / 2
        low_x, high_x, low_y, high_y = x - half_w, x + half_w, y - half_h, y + half_h
    else:
        low_x, high_x, low_y, high_y = (position[name] for name in _CORNERS)
    if box.get("domain") == "pixel":
        return bool(low_x >= 0 and high_x <= width and low_y >= 0 and high_y <= height)
    slack = 1e-9  # 0.3 + 0.7 is not 1 in binary
    return bool(low_x >= -slack and high_x <= 1 + slack and low_y >= -slack and high_y <= 1 + slack)
