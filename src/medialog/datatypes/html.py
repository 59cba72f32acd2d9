"""Html: a page or a fragment, stored as given.

Source: "Logging HTML" of the guides: any string or open file; default styles are put in unless `inject=False`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from msgspec import UNSET, Meta, UnsetType

from medialog.datatypes import html_style, unicode_text
from medialog.datatypes.base import Caption, Changes, Count, DataType, FileModel, Model, captions_column, file_fields
from medialog.datatypes.files import Sink, Source, read_input, read_reference
from medialog.datatypes.unicode_text import Encoding
from medialog.validators import checks
from medialog.validators.errors import DamagedFile, InvalidInput, Violation
from medialog.wire.fileref import FileRef

if TYPE_CHECKING:
    from medialog.validators.rules import Rules, Strictness

SUFFIXES = (".html", ".htm")
_URL = re.compile(r"[a-z][a-z0-9+.-]{1,15}://\S*", re.IGNORECASE)
_EXPECTED = "a page as a string, a path that ends in .html or .htm, a Path, bytes, or an open file"


class HtmlDescriptor(FileModel, tag="html-file"):
    """The wire form of one page."""

    format: Literal["html"]
    encoding: Annotated[
        Encoding, Meta(description="of the file; utf-8-sig and the utf-16 ones begin with a byte order mark")
    ]
    injected: Annotated[
        bool, Meta(description="the file holds the block of the default style, which reading takes out")
    ]
    lossless: Annotated[bool, Meta(description="the very text that was given comes back")]
    caption: Caption | UnsetType = UNSET
    changes: Changes | UnsetType = UNSET


class HtmlListDescriptor(Model, tag="html"):
    """The wire form of a list of pages. `items` is the truth; the other keys derive from it, as W&B writes them."""

    count: Count
    html: Annotated[list[HtmlDescriptor], Meta(description="the same as items (W&B's name)")]
    items: Annotated[list[HtmlDescriptor], Meta(min_length=1)]
    captions: list[Caption | None] | UnsetType = UNSET


class Html(DataType, kind="html-file", list_kind="html"):
    """A page or a fragment of HTML: `Html("<b>bold</b>")`, `Html("report.html")`, `Html(open("report.html"))`.

    `data` is one of

    - a string: the HTML itself, unless it ends in .html or .htm (of either case) and holds no `<` and no line break:
      then it is a path, and a missing file is an error;
    - a `Path`, `bytes`, or an open text or binary file (read from where it stands).

    `inject=True`: a small default style is put in where a browser looks for it; the page's own rules win, nothing is
    fetched, and reading takes it out again, so that the very bytes that were given come back.
    `data_is_not_path=True`: a string is the HTML itself, whatever it looks like.

    The text is UTF-8, or UTF-16 with its byte order mark. Raises `InvalidInput` for other bytes, NUL characters, a page
    larger than `html.size`, a URL; `WrongType` for another object. Nothing in the page is parsed or cleaned: viewers
    show it in a sandbox without network.
    """

    Descriptor = HtmlDescriptor
    ListDescriptor = HtmlListDescriptor
    documented_rules = {
        "html.kind": "a page is a string, a path, bytes or an open file",
        "html.text": "a page is text: UTF-8, or UTF-16 with its byte order mark, without NUL characters",
        "html.size": "a page has at most `html.size` bytes",
        "html.option": "inject and data_is_not_path are True or False",
        "html.list": "a list descriptor's columns agree with its items",
    }
    documented_changes = {"html.style": "the default style put in, in a block that reading takes out again"}

    def __init__(
        self,
        data: Any,
        inject: bool = True,
        data_is_not_path: bool = False,
        *,
        caption: str | None = None,
        limits: Mapping[str, Any] | None = None,
        strict: Strictness | None = None,
    ) -> None:
        log = self._begin(limits, strict, caption)
        checks.refuse(
            checks.one_of(value, (True, False), name, "html.option")
            for name, value in (("inject", inject), ("data_is_not_path", data_is_not_path))
        )
        self.html, self.encoding = self._read(data, data_is_not_path)
        self.injected = inject
        if inject:
            log.record("html.style", "the default style put in, in a block that reading takes out again")

    def _read(self, data: Any, is_not_path: bool) -> tuple[str, str]:
        if isinstance(data, str) and (is_not_path or not _is_place(data)):
            if not is_not_path and _URL.fullmatch(data.strip()):
                expected = "HTML, or a file on this machine (nothing is fetched)"
                raise InvalidInput(Violation("Html", "file.url", expected, checks.show(data)))
            unicode_text.check_text(data, "Html", "html.text")
            checks.refuse([checks.at_most(len(data.encode()), "html.size", "Html", self._rules, "bytes")])
            return str.__str__(data), "utf-8"
        content = read_input(data, "Html", self._rules)
        if content is None:
            raise checks.wrong_type("Html", "html.kind", _EXPECTED, data)
        checks.refuse([checks.at_most(content.size, "html.size", "Html", self._rules, "bytes")])
        return unicode_text.decode(content.read(), "Html", "html.text")

    def read(self) -> bytes:
        """Return the very bytes that were given (a string's as UTF-8)."""
        return unicode_text.encode(self.html, self.encoding)

    def stored(self) -> bytes:
        """Return the bytes of the stored file: with the default style when it is injected."""
        return unicode_text.encode(html_style.insert(self.html) if self.injected else self.html, self.encoding)

    def build(self, sink: Sink) -> HtmlDescriptor:
        """Write the file and return the descriptor."""
        return HtmlDescriptor(
            **file_fields(sink.write("html", self.stored())),
            format="html",
            encoding=self.encoding,  # type: ignore[arg-type]
            injected=self.injected,
            lossless=True,
            **self._common(),
        )

    @classmethod
    def decode(cls, descriptor: Mapping[str, Any], source: Source) -> Self:
        """Return the page of a descriptor, without the style that was put in."""
        model: HtmlDescriptor = cls.read_model(descriptor)
        self = cls.restore(model.caption, model.changes)
        data = read_reference(source, FileRef(model.path, model.sha256, model.size))
        mark = unicode_text.BYTE_ORDER_MARKS[model.encoding]
        try:
            if not data.startswith(mark):
                raise ValueError("no byte order mark")
            stored = data[len(mark) :].decode("utf-8" if model.encoding == "utf-8-sig" else model.encoding)
            self.html = html_style.remove(stored) if model.injected else stored
        except ValueError as error:
            raise DamagedFile(
                f"{model.path}: not the {model.encoding} page of its descriptor: {error!s:.100}"
            ) from error
        self.encoding, self.injected = model.encoding, model.injected
        return self

    @classmethod
    def list_columns(cls, descriptors: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return W&B's columns: the singles and their captions."""
        return {"html": list(descriptors), **captions_column(descriptors)}

    @classmethod
    def descriptor_violations(cls, descriptor: Mapping[str, Any], rules: Rules) -> Iterator[Violation]:
        """Yield a page over the limit and, for a list, columns that do not agree with its items."""
        if descriptor["_type"] == cls.list_kind:
            items = descriptor["items"]
            for name, column in {"count": len(items), "captions": None, **cls.list_columns(items)}.items():
                if descriptor.get(name) != column:
                    got = checks.show(descriptor.get(name))
                    yield Violation(f"$.{name}", "html.list", f"{checks.show(column)} by its items", got)
            for index, item in enumerate(items):
                for found in cls.descriptor_violations(item, rules):
                    yield Violation(f"$.items[{index}]{found.at[1:]}", found.rule, found.expected, found.got)
            return
        # The limit is one of the page that was given: without the style that was put in.
        style = _style_size(descriptor["encoding"]) if descriptor["injected"] else 0
        too_large = checks.at_most(descriptor["size"] - style, "html.size", "$.size", rules, "bytes")
        if too_large is not None:
            yield too_large

    def describe(self) -> str:
        """Return the length and the beginning of the text."""
        beginning = checks.show(self.html[:60].strip(), 40)
        return f"{len(self.html):,} characters, {beginning}{'' if self.injected else ', inject=False'}"


def _style_size(encoding: str) -> int:
    """Return how many bytes the style adds to a page."""
    return len(unicode_text.encode(html_style.BLOCK, encoding)) - len(unicode_text.BYTE_ORDER_MARKS[encoding])


def _is_place(text: str) -> bool:
    """Say whether a string is the path of a page, and not the page."""
    return os.path.splitext(text)[1].lower() in SUFFIXES and "<" not in text and "\n" not in text
