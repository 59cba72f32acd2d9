"""Image: a picture with optional masks, boxes and classes.

Source: "Logging Images" of the guides and "Images and overlays" of the 2020 guide. The value rules are those of
`pixels`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Self, get_args

from msgspec import UNSET, Meta, UnsetType

from medialog.datatypes import arrays, picture_file, pillow_modes, pixels, png
from medialog.datatypes.base import (
    Caption,
    Change,
    ChangeLog,
    Changes,
    Count,
    DataType,
    FileModel,
    MediaPath,
    Model,
    Pixels,
    captions_column,
    file_fields,
)
from medialog.datatypes.files import Content, Sink, Source, read_input, read_reference
from medialog.datatypes.matplotlib_figure import FIGURE_RULES, find_figure, to_png
from medialog.datatypes.overlays import (
    BoundingBoxes2D,
    BoxesDescriptor,
    Classes,
    ClassesDescriptor,
    ImageMask,
    MaskDescriptor,
)
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation
from medialog.wire.fileref import FileRef

if TYPE_CHECKING:
    import numpy as np

    from medialog.validators.rules import Rules, Strictness

StoredFormat = Literal["png", "jpeg", "bmp", "webp", "gif"]
FileType = Literal["png", "jpg", "jpeg", "bmp", "webp"]
Mode = Literal["1", "L", "LA", "P", "RGB", "RGBA", "I;16"]
MODES: tuple[str, ...] = get_args(Mode)

_EXACT_CHANGES = {"pixels.bool"}


class ImageDescriptor(FileModel, tag="image-file"):
    """The wire form of one image."""

    format: Annotated[StoredFormat, Meta(description="what the file's content is")]
    width: Pixels
    height: Pixels
    mode: Annotated[str, Meta(description="Pillow's mode of the stored picture")]
    lossless: Annotated[bool, Meta(description="the file gives back the very values that were given")]
    frames: Annotated[int, Meta(ge=2, description="frames of an animated picture")] | UnsetType = UNSET
    caption: Caption | UnsetType = UNSET
    grouping: Annotated[int, Meta(description="images of one grouping are shown together")] | UnsetType = UNSET
    classes: ClassesDescriptor | UnsetType = UNSET
    masks: dict[str, MaskDescriptor] | UnsetType = UNSET
    boxes: dict[str, BoxesDescriptor] | UnsetType = UNSET
    changes: Changes | UnsetType = UNSET


class ImageListDescriptor(Model, tag="images/separated"):
    """The wire form of a list of images. `items` is the truth; the other keys derive from it, as W&B writes them."""

    count: Count
    width: Annotated[Pixels, Meta(description="of the first image")]
    height: Annotated[Pixels, Meta(description="of the first image")]
    format: Annotated[StoredFormat, Meta(description="of the first image")]
    filenames: list[MediaPath]
    items: Annotated[
        list[ImageDescriptor], Meta(min_length=1, extra_json_schema={"x-medialog-limit": "image.per_list"})
    ]
    captions: list[Caption | None] | UnsetType = UNSET
    all_masks: list[dict[str, MaskDescriptor] | None] | UnsetType = UNSET
    all_boxes: list[dict[str, BoxesDescriptor] | None] | UnsetType = UNSET


class Image(DataType, kind="image-file", list_kind="images/separated"):
    """A picture: `Image(data_or_path, caption=...)`.

    `data_or_path` is one of

    - an array (numpy, nested lists, TensorFlow, JAX) of H x W, H x W x 1, H x W x 3 or H x W x 4, or a torch tensor of
      H x W or C x H x W with 1, 3 or 4 channels. Values: uint8 as they are; bool as 0 and 255; other integers in
      0..255; floats in [0, 1], [-1, 1] or [0, 255] by the rules of `medialog.datatypes.pixels`, recorded in `changes`;
    - a Pillow image of any mode (converted where the format cannot hold it, recorded);
    - a path, bytes or an open file of a PNG, JPEG, BMP, WebP or GIF: its bytes are stored as they are;
    - a matplotlib figure, axes or pyplot: its exact picture;
    - another `Image`, from which everything is taken that is not given anew.

    `mode`: Pillow's mode of the stored picture (1, L, LA, P, RGB, RGBA, I;16). `grouping`: an integer.
    `masks`, `boxes`: named layers (`ImageMask`, `BoundingBoxes2D`, or their dicts). `classes`: names for class ids,
    used by layers that have none of their own. `file_type`: png (default), jpg, jpeg, bmp, webp; `quality`: 1..100 for
    jpeg (default 90) and for lossy webp (lossless without it). `normalize=False`: no scaling, values must be 0..255.
    `value_range=(low, high)`: what 0 and 255 stand for; values outside are clipped, recorded and warned about.

    Raises `InvalidInput` with every broken rule, `WrongType` for an object that can never be a picture.
    """

    Descriptor = ImageDescriptor
    ListDescriptor = ImageListDescriptor
    list_limit = "image.per_list"
    list_advice = "image.per_step_advice"
    documented_rules = {
        **pixels.PIXEL_RULES,
        **FIGURE_RULES,
        "image.shape": "an array is H x W, H x W x 1, H x W x 3 or H x W x 4 (torch: C x H x W)",
        "image.mode": "mode is 1, L, LA, P, RGB, RGBA or I;16",
        "image.file_type": "file_type is png, jpg, jpeg, bmp or webp",
        "image.quality": "quality is a whole number in 1..100, for jpeg and webp",
        "image.grouping": "grouping is a whole number",
        "image.file_options": "a file is stored as it is: options that would change it need an array or a Pillow image",
        "image.layers": "masks and boxes are mappings of layer names to layers",
        "image.list": "a list descriptor's columns agree with its items",
        "image.side": "no side is longer than `image.side`",
        "image.side_jpeg": "no side of a JPEG is longer than 65,500",
        "image.side_webp": "no side of a WebP is longer than 16,383",
        "image.pixels": "a picture has at most `image.pixels` pixels",
        "image.frames": "an animated picture has at most `image.frames` frames",
        "image.frames_pixels": "all frames together have at most `image.frames_pixels` pixels",
        "image.per_list": "a list has at most `image.per_list` images",
        "mask.size": "a mask has the size of its image",
    }
    documented_changes = {
        **pixels.PIXEL_CHANGES,
        "image.converted": "a Pillow mode that the format cannot hold, converted",
        "image.mode": "converted to the mode asked for",
        "image.alpha": "alpha dropped: the format has none (lossy)",
        "image.frame": "one frame of an animated picture stored (lossy)",
        "image.profile": "colour profile dropped: the file cannot hold it, or its colours were converted (lossy)",
        "image.jpeg": "stored with JPEG's own loss, as asked for",
        "image.webp": "stored with WebP's own loss, as asked for",
    }

    def __init__(
        self,
        data_or_path: Any,
        mode: Mode | str | None = None,
        caption: str | None = None,
        grouping: int | None = None,
        classes: Classes | Sequence[Mapping[str, Any]] | None = None,
        boxes: Mapping[str, Any] | None = None,
        masks: Mapping[str, Any] | None = None,
        file_type: FileType | str | None = None,
        normalize: bool = True,
        value_range: tuple[float, float] | None = None,
        quality: int | None = None,
        *,
        limits: Mapping[str, Any] | None = None,
        strict: Strictness | None = None,
    ) -> None:
        original = data_or_path if isinstance(data_or_path, Image) else None
        if original is not None and caption is None:
            caption = original.caption
        log = self._begin(limits, strict, caption)
        self._check_options(mode, grouping, file_type, quality)
        if value_range is not None:
            pixels.check_value_range(value_range)
        self._picture: Any = None
        self._content: Content | None = None
        self._facts: _Facts
        self.grouping = checks.whole_number(grouping) if grouping is not None else None
        self.classes: Classes | None = None
        self.masks: dict[str, ImageMask] = {}
        self.boxes: dict[str, BoundingBoxes2D] = {}
        if original is not None and all(option is None for option in (mode, file_type, quality, value_range)):
            self._take(original)
        elif original is not None:
            self._take_layers(original)
            self._changes.extend(original._changes)
            self._note_frames(original._facts.frames, log)
            self._load(original.to_pil(), mode, file_type, normalize, value_range, quality, log)
            self._facts = self._facts._replace(lossless=self._facts.lossless and original.lossless)
        else:
            self._load(data_or_path, mode, file_type, normalize, value_range, quality, log)
        self._add_layers(classes, masks, boxes)

    # --- construction ---

    def _check_options(self, mode: Any, grouping: Any, file_type: Any, quality: Any) -> None:
        wrong: list[Violation | None] = []
        if mode is not None:
            wrong.append(checks.one_of(mode, MODES, "mode", "image.mode"))
        if file_type is not None:
            wrong.append(checks.one_of(file_type, get_args(FileType), "file_type", "image.file_type"))
        if grouping is not None and checks.whole_number(grouping) is None:
            wrong.append(Violation("grouping", "image.grouping", "a whole number", checks.show(grouping)))
        if quality is not None:
            number = checks.whole_number(quality)
            if number is None or not 1 <= number <= 100:
                wrong.append(Violation("quality", "image.quality", "a whole number in 1..100", checks.show(quality)))
            elif file_type not in ("jpg", "jpeg", "webp"):
                got = f"file_type={file_type!r}"
                wrong.append(Violation("quality", "image.quality", "file_type='jpg', 'jpeg' or 'webp'", got))
        checks.refuse(wrong)

    def _take(self, original: Image) -> None:
        """Take the picture and the layers of another image; what is stored is shared, and never changed."""
        original._encode()
        picture_file.check_size(original.width, original.height, "Image", self._rules)
        self._content, self._facts = original._content, original._facts
        self._changes.extend(original._changes)
        self._take_layers(original)

    def _take_layers(self, original: Image) -> None:
        self.grouping = original.grouping if self.grouping is None else self.grouping
        self.classes, self.masks, self.boxes = original.classes, dict(original.masks), dict(original.boxes)

    def _load(
        self,
        data: Any,
        mode: Any,
        file_type: Any,
        normalize: bool,
        value_range: Any,
        quality: int | None,
        log: ChangeLog,
    ) -> None:
        content = read_input(data, "Image", self._rules)
        if content is not None:
            self._load_file(content, mode, file_type, value_range)
            return
        figure = find_figure(data)
        if figure is not None:
            content = read_input(to_png(figure), "Image", self._rules)
            assert content is not None
            if mode is None and file_type in (None, "png"):
                self._load_file(content, None, None, value_range)
                return
            data = picture_file.open_picture(content, "Image", self._rules)[0]
        format = {None: "png", "jpg": "jpeg"}.get(file_type, file_type)
        if pillow_modes.is_pillow(data):
            picture = self._from_pillow(data, mode, normalize, value_range, log)
        else:
            picture = self._from_array(data, mode, normalize, value_range, log)
        self._quality = None if quality is None else checks.whole_number(quality)
        if png.is_array(picture) and format == "png" and mode in (None, png.mode_of(picture)):
            # What was given as an array is written as one, and never becomes a Pillow image.
            height, width = picture.shape[:2]
            self._picture = picture
            self._facts = _Facts(format, width, height, png.mode_of(picture), 1, self._is_lossless(format, quality))
            return
        picture = self._fit(png.to_pil(picture) if png.is_array(picture) else picture, format, mode, log)
        self._check_format_size(picture, format)
        self._note_loss(format, quality, log)
        self._picture = picture
        self._facts = _Facts(format, picture.width, picture.height, picture.mode, 1, self._is_lossless(format, quality))

    def _load_file(self, content: Content, mode: Any, file_type: Any, value_range: Any) -> None:
        picture, format = picture_file.open_picture(content, "Image", self._rules)
        wanted = {"jpg": "jpeg"}.get(file_type, file_type)
        asked = [("file_type", wanted, format), ("mode", mode, picture.mode), ("value_range", value_range, None)]
        for name, want, have in asked:
            if want is not None and want != have:
                expected = "a file that has it already, or PIL.Image.open(...) and then Image(...)"
                got = f"{name}={want!r} for a {format.upper()} of mode {picture.mode}"
                raise InvalidInput(Violation(name, "image.file_options", expected, got))
        self._content = content
        width, height = picture.size
        self._facts = _Facts(format, width, height, picture.mode, picture_file.count_frames(picture), lossless=True)

    def _from_array(self, data: Any, mode: Any, normalize: bool, value_range: Any, log: ChangeLog) -> np.ndarray:
        """Return a new array of its pixels, C-contiguous: uint8, or uint16 for mode I;16."""
        if not (isinstance(data, (list, tuple, range)) or arrays.is_array_like(data) or arrays.is_torch(data)):
            expected = "an array, a Pillow image, a matplotlib figure, or a picture file (path, bytes or open file)"
            raise checks.wrong_type("Image", "array.kind", expected, data)
        array = _channels_last(arrays.to_numpy(data, "Image", self._rules), arrays.is_torch(data))
        picture_file.check_size(array.shape[1], array.shape[0], "Image", self._rules)
        if mode == "I;16" and value_range is None and array.ndim == 2 and array.dtype.kind in "iu":
            return _in_rows(pixels.to_uint16(array, "Image"))
        stored = pixels.to_uint8(array, "Image", log, normalize=normalize, value_range=value_range)
        return _in_rows(stored)

    def _from_pillow(self, picture: Any, mode: Any, normalize: bool, value_range: Any, log: ChangeLog) -> Any:
        """Return a copy of a Pillow image, or the array of its pixels where they are numbers of more than 8 bits."""
        import numpy as np

        picture_file.check_size(picture.width, picture.height, "Image", self._rules)
        try:
            picture.load()
        except Exception as error:  # the file behind it is read now, and decoders raise anything
            got = f"{type(error).__name__}: {str(error)[:120]}"
            raise InvalidInput(Violation("Image", "file.content", "a whole picture", got)) from error
        self._note_frames(getattr(picture, "n_frames", 1), log)
        # Numbers wider than 8 bits follow the rules of arrays: Pillow itself would cut them off at 255.
        as_wide = picture.mode.startswith("I;16") and mode in (None, "I;16") and value_range is None
        if picture.mode in ("I", "F") or (picture.mode.startswith("I;16") and not as_wide):
            return self._from_array(np.asarray(picture), mode, normalize, value_range, log)
        if 0 in picture.size:
            got = f"{picture.height} x {picture.width}"
            raise InvalidInput(Violation("Image", "pixels.empty", "at least one pixel", got))
        if value_range is not None:
            expected = "an array, or a Pillow image of mode I or F"
            raise InvalidInput(Violation("value_range", "image.file_options", expected, f"mode {picture.mode}"))
        copied = picture.copy()
        # What a camera or an editor attached is not the picture: keep what changes its colours, drop the rest.
        copied.info = {name: value for name, value in picture.info.items() if name in ("icc_profile", "transparency")}
        return copied

    def _note_frames(self, frames: int, log: ChangeLog) -> None:
        if frames > 1:
            log.lose("image.frame", f"one frame stored of an animated picture of {frames:,} (its file keeps them all)")

    def _fit(self, picture: Any, format: str, mode: Any, log: ChangeLog) -> Any:
        """Return the picture in the mode asked for, or else in one that the format holds."""
        if mode is not None and mode not in pillow_modes.HELD_MODES[format]:
            expected = f"one of {', '.join(pillow_modes.HELD_MODES[format])} for file_type={format}"
            raise InvalidInput(Violation("mode", "image.mode", expected, repr(mode)))
        if mode is None and picture.mode.startswith("I;16") and format != "png":
            got = f"16-bit pixels for {format}"
            raise InvalidInput(Violation("file_type", "image.file_type", "png for 16-bit pixels", got))
        target = mode or pillow_modes.held_mode(picture, format)
        self._note_profile(picture, target, format, log)
        if target == picture.mode:
            if "transparency" in picture.info and format != "png":
                log.lose("image.alpha", f"alpha dropped: the transparent colour of mode {target}, {format} has none")
            return picture
        if target == "I;16" and not picture.mode.startswith("I;16"):
            got = f"mode {picture.mode}"
            raise InvalidInput(Violation("mode", "image.mode", "whole numbers, H x W, for I;16", got))
        detail = f"mode {picture.mode} stored as {target}"
        if mode is not None:
            log.record("image.mode", detail)
        elif pillow_modes.has_alpha(picture) and target not in ("RGBA", "LA"):
            log.lose("image.alpha", f"alpha dropped: {detail}, {format} has none")
        else:
            log.record("image.converted", detail)
        return pillow_modes.convert(picture, target)

    def _note_profile(self, picture: Any, target: str, format: str, log: ChangeLog) -> None:
        """Drop a colour profile that the file cannot hold, or that is one of other colours than are stored."""
        if (
            "icc_profile" not in picture.info or picture.mode == "LAB"
        ):  # LAB is converted to sRGB, by its own definition
            return
        if format == "bmp" or pillow_modes.colours_of(picture.mode) != pillow_modes.colours_of(target):
            detail = f"colour profile dropped: it is for mode {picture.mode}, stored is a {format} of mode {target}"
            log.lose("image.profile", detail)
            del picture.info["icc_profile"]

    def _check_format_size(self, picture: Any, format: str) -> None:
        if format in ("jpeg", "webp"):
            name = f"image.side_{format}"
            checks.refuse(
                [checks.at_most(max(picture.size), name, "Image", self._rules, f"pixels a side of a {format}")]
            )

    def _note_loss(self, format: str, quality: int | None, log: ChangeLog) -> None:
        if format == "jpeg":
            log.record("image.jpeg", f"stored as JPEG of quality {quality or pillow_modes.DEFAULT_JPEG_QUALITY}")
        elif format == "webp" and quality is not None:
            log.record("image.webp", f"stored as WebP of quality {quality}")

    def _is_lossless(self, format: str, quality: int | None) -> bool:
        if format == "jpeg" or (format == "webp" and quality is not None):
            return False
        return all(_is_exact(change) for change in self._changes)

    def _add_layers(self, classes: Any, masks: Any, boxes: Any) -> None:
        if classes is not None:
            self.classes = classes if isinstance(classes, Classes) else Classes(classes)
        labels = self.classes.labels if self.classes is not None else {}
        for name, value in _layers(masks, "masks", self._rules).items():
            at = f"masks[{checks.show(name)}]"
            mask = value if isinstance(value, ImageMask) else ImageMask(value, at, classes=labels, **self._pinned())
            if (mask.width, mask.height) != (self.width, self.height):
                expected = f"{self.height} x {self.width} like the image (height x width)"
                raise InvalidInput(Violation(at, "mask.size", expected, f"{mask.height} x {mask.width}"))
            self.masks[name] = mask
        for name, value in _layers(boxes, "boxes", self._rules).items():
            at = f"boxes[{checks.show(name)}]"
            own = isinstance(value, BoundingBoxes2D)
            self.boxes[name] = value if own else BoundingBoxes2D(value, at, classes=labels, **self._pinned())

    def _pinned(self) -> dict[str, Any]:
        return {"limits": self._rules.limits, "strict": self._rules.strict}

    # --- facts ---

    @property
    def format(self) -> str:
        """Return the format of the stored file: png, jpeg, bmp, webp or gif."""
        return self._facts.format

    @property
    def width(self) -> int:
        """Return the width in pixels."""
        return self._facts.width

    @property
    def height(self) -> int:
        """Return the height in pixels."""
        return self._facts.height

    @property
    def mode(self) -> str:
        """Return Pillow's mode of the stored picture."""
        return self._facts.mode

    @property
    def lossless(self) -> bool:
        """Say whether the stored file gives back the very values that were given."""
        return self._facts.lossless

    def advice(self) -> Iterator[tuple[str, str]]:
        """Yield `(rule, sentence)` for what is kept as given but looks wrong."""
        for name, layer in self.boxes.items():
            outside = layer.outside(self.width, self.height)
            if outside:
                yield "box.outside", f"boxes[{name!r}]: {outside} of {len(layer.boxes)} boxes reach beyond the picture"

    def _all_changes(self) -> Iterable[Change]:
        yield from self._changes
        for layer in (*self.masks.values(), *self.boxes.values()):
            yield from layer.changes

    # --- the way out and back ---

    def _encode(self) -> Content:
        """Return the stored file's bytes, made once; the pixels are let go."""
        picture, content = self._picture, self._content  # in this order: another thread may be encoding it too
        if content is None:
            content = read_input(pillow_modes.to_bytes(picture, self.format, self._quality), "Image", self._rules)
            assert content is not None
            self._content, self._picture = content, None
        return content

    def __getstate__(self) -> dict[str, Any]:
        """Return the state for pickle and copy: the encoded file, not the picture object."""
        self._encode()
        return dict(self.__dict__)

    def to_pil(self) -> Any:
        """Return the picture as a new Pillow image."""
        picture, content = self._picture, self._content
        if content is None:
            return png.to_pil(picture) if png.is_array(picture) else picture.copy()
        read = picture_file.load_stored(content.read(), self.format)
        # WebP leaves out an alpha that is opaque everywhere.
        return read.convert("RGBA") if (read.mode, self.mode) == ("RGB", "RGBA") else read.copy()

    def to_numpy(self) -> np.ndarray:
        """Return the pixels: H x W, H x W x 2 (LA), x 3 or x 4; uint8, bool for mode 1, uint16 for I;16."""
        import numpy as np

        picture, content = self._picture, self._content  # in this order, as above
        if content is None and png.is_array(picture):
            return np.array(picture)
        picture = self.to_pil()
        if picture.mode == "P":
            picture = picture.convert("RGBA" if pillow_modes.has_alpha(picture) else "RGB")
        return np.array(picture)

    def build(self, sink: Sink) -> ImageDescriptor:
        """Write the picture and the layers and return the descriptor."""
        suffix = {"jpeg": "jpg"}.get(self.format, self.format)
        return ImageDescriptor(
            **file_fields(sink.write(suffix, self._encode())),
            format=self.format,  # type: ignore[arg-type]
            width=self.width,
            height=self.height,
            mode=self.mode,
            lossless=self.lossless,
            frames=self._facts.frames if self._facts.frames > 1 else UNSET,
            grouping=UNSET if self.grouping is None else self.grouping,
            classes=UNSET if self.classes is None else self.classes.build(sink),
            masks={name: mask.build(sink) for name, mask in self.masks.items()} or UNSET,
            boxes={name: layer.build(sink) for name, layer in self.boxes.items()} or UNSET,
            **self._common(),
        )

    @classmethod
    def decode(cls, descriptor: Mapping[str, Any], source: Source) -> Self:
        """Return the image of a descriptor, with its layers."""
        model: ImageDescriptor = cls.read_model(descriptor)
        self = cls.restore(model.caption, model.changes)
        reference = FileRef(model.path, model.sha256, model.size)
        self._picture = None
        self._content = Content(model.sha256, model.size, None, read_reference(source, reference))
        frames = 1 if isinstance(model.frames, UnsetType) else model.frames
        self._facts = _Facts(model.format, model.width, model.height, model.mode, frames, model.lossless)
        self.grouping = None if isinstance(model.grouping, UnsetType) else model.grouping
        self.classes = Classes.decode(descriptor["classes"], source) if "classes" in descriptor else None
        self.masks = {name: ImageMask.decode(layer, source) for name, layer in descriptor.get("masks", {}).items()}
        self.boxes = {
            name: BoundingBoxes2D.decode(layer, source) for name, layer in descriptor.get("boxes", {}).items()
        }
        return self

    @classmethod
    def list_columns(cls, descriptors: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return W&B's columns: size and format of the first image, file names, captions, masks and boxes."""
        first = descriptors[0]
        columns = {name: first[name] for name in ("width", "height", "format")}
        columns["filenames"] = [descriptor["path"] for descriptor in descriptors]
        columns.update(captions_column(descriptors))
        for name in ("masks", "boxes"):
            layers = [descriptor.get(name) for descriptor in descriptors]
            if any(layer is not None for layer in layers):
                columns[f"all_{name}"] = layers
        return columns

    @classmethod
    def descriptor_violations(cls, descriptor: Mapping[str, Any], rules: Rules) -> Iterator[Violation]:
        """Yield masks of another size and, for a list, columns that do not agree with its items."""
        if descriptor["_type"] == cls.list_kind:
            yield from _list_violations(cls, descriptor)
            for index, item in enumerate(descriptor["items"]):
                for violation in cls.descriptor_violations(item, rules):
                    yield Violation(
                        f"$.items[{index}]{violation.at[1:]}", violation.rule, violation.expected, violation.got
                    )
            return
        size = (descriptor["width"], descriptor["height"])
        yield from _size_violations(descriptor, rules)
        for layers in ("masks", "boxes"):
            for name in descriptor.get(layers, {}):
                too_long = _length_of_layer(name, f"$.{layers}.{name}"[:80], rules)
                if too_long is not None:
                    yield too_long
        if "classes" in descriptor:
            for violation in Classes.descriptor_violations(descriptor["classes"], rules):
                yield Violation(f"$.classes{violation.at[1:]}", violation.rule, violation.expected, violation.got)
        for name, mask in descriptor.get("masks", {}).items():
            if (mask["width"], mask["height"]) != size:
                expected = f"{size[0]} x {size[1]} like the image"
                yield Violation(f"$.masks.{name}"[:80], "mask.size", expected, f"{mask['width']} x {mask['height']}")
            for violation in ImageMask.descriptor_violations(mask, rules):
                yield Violation(f"$.masks.{name}{violation.at[1:]}", violation.rule, violation.expected, violation.got)
        for name, layer in descriptor.get("boxes", {}).items():
            for violation in BoundingBoxes2D.descriptor_violations(layer, rules):
                yield Violation(f"$.boxes.{name}{violation.at[1:]}", violation.rule, violation.expected, violation.got)

    def describe(self) -> str:
        """Return size, mode and format, and how many layers there are."""
        layers = [f"{len(value)} {name}" for name, value in (("masks", self.masks), ("boxes", self.boxes)) if value]
        return ", ".join([f"{self.height} x {self.width} {self.mode} {self.format}", *layers])


class _Facts(NamedTuple):
    """What is known of a stored picture."""

    format: str
    width: int
    height: int
    mode: str
    frames: int
    lossless: bool


def _is_exact(change: Change) -> bool:
    if change.id in _EXACT_CHANGES or (change.id == "pixels.round" and change.count == 0):
        return True
    if change.id in ("image.converted", "image.mode"):
        _, source, _, _, target = change.detail.split()
        return (source, target) in pillow_modes.EXACT_CONVERSIONS
    return False


def _channels_last(array: np.ndarray, from_torch: bool) -> np.ndarray:
    """Return an array as H x W, H x W x 3 or H x W x 4; `InvalidInput` names the axes of any other shape."""
    shape = array.shape
    if array.ndim == 3 and from_torch and shape[0] in (1, 3, 4):
        array = array.transpose(1, 2, 0)
    elif array.ndim == 3 and from_torch:
        got = f"shape {tuple(shape)}"
        help = "; this looks like H x W x C: .permute(2, 0, 1)" if shape[2] in (1, 3, 4) else ""
        raise InvalidInput(
            Violation("Image", "image.shape", "C x H x W with C 1, 3 or 4, for a torch tensor", got + help)
        )
    if array.ndim == 2:
        return array
    if array.ndim == 3 and array.shape[2] in (1, 3, 4):
        return array[:, :, 0] if array.shape[2] == 1 else array
    raise InvalidInput(Violation("Image", "image.shape", "H x W, H x W x 1, H x W x 3 or H x W x 4", _name_axes(shape)))


def _in_rows(array: np.ndarray) -> np.ndarray:
    return array if array.flags.c_contiguous else arrays.in_rows(array)


def _name_axes(shape: tuple[int, ...]) -> str:
    if len(shape) == 3 and shape[0] in (1, 3, 4):
        return f"shape {shape}, which looks like C x H x W: .transpose(1, 2, 0)"
    if len(shape) == 4:
        return f"shape {shape}, which looks like a batch: log a list, [Image(a) for a in batch]"
    return f"shape {shape}"


def _layers(layers: Any, name: str, rules: Rules) -> Mapping[str, Any]:
    if layers is None:
        return {}
    if not isinstance(layers, Mapping):
        raise checks.wrong_type(name, "image.layers", "a mapping of layer names to layers", layers)
    for key in layers:
        at = f"{name}[{checks.show(key)}]"
        checks.refuse([checks.text(key, at, "image.layers") or _problem_with_layer(key, at, rules)])
    return layers


def _problem_with_layer(name: str, at: str, rules: Rules) -> Violation | None:
    if not name.strip():
        return Violation(at, "image.layers", "a name with a visible character", checks.show(name))
    return _length_of_layer(name, at, rules)


def _length_of_layer(name: str, at: str, rules: Rules) -> Violation | None:
    return checks.at_most(len(name), "key.length", at, rules, "characters in a layer's name")


def _size_violations(descriptor: Mapping[str, Any], rules: Rules) -> Iterator[Violation]:
    width, height, frames = descriptor["width"], descriptor["height"], descriptor.get("frames", 1)
    checked: tuple[Violation | None, ...] = (
        checks.at_most(width * height, "image.pixels", "$", rules, "pixels"),
        checks.at_most(frames, "image.frames", "$.frames", rules, "frames"),
        checks.at_most(frames * width * height, "image.frames_pixels", "$", rules, "pixels in all frames"),
    )
    if descriptor["format"] == "jpeg":  # not for webp: its lossless files have a pixel more than is written here
        checked += (checks.at_most(max(width, height), "image.side_jpeg", "$", rules, "pixels a side of a jpeg"),)
    yield from (violation for violation in checked if violation is not None)


def _list_violations(cls: type[Image], descriptor: Mapping[str, Any]) -> Iterator[Violation]:
    items = descriptor["items"]
    expected = {"count": len(items), **cls.list_columns(items)}
    for name in ("count", "width", "height", "format", "filenames", "captions", "all_masks", "all_boxes"):
        if descriptor.get(name) != expected.get(name):
            wanted = f"what items say: {checks.show(expected.get(name))}"
            yield Violation(f"$.{name}", "image.list", wanted, checks.show(descriptor.get(name)))
