"""Text: a long text or Markdown, stored as a file of its own.

A short text is a plain string in `log`; this is for what has lines: a prompt and its answer, a model's summary, notes.
The documents log text in tables; a kind of its own is medialog's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from msgspec import UNSET, Meta, UnsetType

from medialog.datatypes import unicode_text
from medialog.datatypes.base import Caption, Changes, DataType, FileModel, file_fields
from medialog.datatypes.files import Sink, Source, read_input, read_reference
from medialog.validators import checks
from medialog.validators.errors import DamagedFile, InvalidInput, Violation
from medialog.wire.fileref import FileRef

if TYPE_CHECKING:
    from medialog.validators.rules import Rules, Strictness

MARKDOWN_SUFFIXES = ("md", "markdown")
_EXPECTED = "a text as a string, a Path, bytes, or an open file"


class TextDescriptor(FileModel, tag="text-file"):
    """The wire form of one text. The file is UTF-8 without a byte order mark."""

    format: Literal["text", "markdown"]
    characters: Annotated[int, Meta(ge=0, description="Unicode code points")]
    lines: Annotated[int, Meta(ge=0, description="parts between line feeds; a last one counts when it is not empty")]
    lossless: Annotated[bool, Meta(description="the very text that was given comes back")]
    caption: Caption | UnsetType = UNSET
    changes: Changes | UnsetType = UNSET


class Text(DataType, kind="text-file"):
    """A long text: `Text("...")`, `Text("# Title", markdown=True)`, `Text(Path("notes.md"))`.

    `data` is one of

    - a string: always the text itself, also when it looks like a path or a URL;
    - a `Path`, `bytes`, or an open text or binary file (read from where it stands) of UTF-8; a byte order mark of UTF-8
      is left out and recorded.

    `markdown`: shown as Markdown; without it, a file whose name ends in .md or .markdown is.

    Raises `InvalidInput` for bytes that are not UTF-8, NUL characters, lone surrogates, more than `text.size` bytes;
    `WrongType` for another object. Line ends are kept as they are.
    """

    Descriptor = TextDescriptor
    documented_rules = {
        "text.kind": "a text is a string, a Path, bytes or an open file",
        "text.text": "a text is UTF-8 without NUL characters and lone surrogates",
        "text.size": "a text has at most `text.size` bytes",
        "text.markdown": "markdown is True or False",
        "text.descriptor": "characters and lines fit the size of the file",
    }
    documented_changes = {"text.byte_order_mark": "a byte order mark left out; the text is the same"}

    def __init__(
        self,
        data: Any,
        markdown: bool | None = None,
        caption: str | None = None,
        *,
        limits: Mapping[str, Any] | None = None,
        strict: Strictness | None = None,
    ) -> None:
        log = self._begin(limits, strict, caption)
        checks.refuse([checks.one_of(markdown, (None, True, False), "markdown", "text.markdown")])
        if isinstance(data, str):
            unicode_text.check_text(data, "Text", "text.text")
            checks.refuse([checks.at_most(len(data.encode()), "text.size", "Text", self._rules, "bytes")])
            self.text, self.markdown = str.__str__(data), bool(markdown)
            return
        content = read_input(data, "Text", self._rules)
        if content is None:
            raise checks.wrong_type("Text", "text.kind", _EXPECTED, data)
        checks.refuse([checks.at_most(content.size, "text.size", "Text", self._rules, "bytes")])
        self.text, encoding = unicode_text.decode(content.read(), "Text", "text.text")
        if encoding == "utf-8-sig":
            log.record("text.byte_order_mark", "the byte order mark of UTF-8 left out")
        elif encoding != "utf-8":
            expected = "UTF-8 (other text: decode it, as Path.read_text(encoding=...) does, and pass a str)"
            raise InvalidInput(Violation("Text", "text.text", expected, encoding.upper()))
        self.markdown = content.suffix in MARKDOWN_SUFFIXES if markdown is None else markdown

    @property
    def format(self) -> str:
        """Return "markdown" or "text"."""
        return "markdown" if self.markdown else "text"

    @property
    def lines(self) -> int:
        """Return the number of lines: of parts between line feeds, of which an empty last one does not count."""
        return self.text.count("\n") + (not self.text.endswith("\n") if self.text else 0)

    def read(self) -> bytes:
        """Return the bytes of the stored file: the text as UTF-8."""
        return self.text.encode()

    def build(self, sink: Sink) -> TextDescriptor:
        """Write the file and return the descriptor."""
        return TextDescriptor(
            **file_fields(sink.write("md" if self.markdown else "txt", self.read())),
            format=self.format,  # type: ignore[arg-type]
            characters=len(self.text),
            lines=self.lines,
            lossless=True,
            **self._common(),
        )

    @classmethod
    def decode(cls, descriptor: Mapping[str, Any], source: Source) -> Self:
        """Return the text of a descriptor."""
        model: TextDescriptor = cls.read_model(descriptor)
        self = cls.restore(model.caption, model.changes)
        try:
            self.text = read_reference(source, FileRef(model.path, model.sha256, model.size)).decode()
        except UnicodeDecodeError as error:
            raise DamagedFile(f"{model.path}: not UTF-8: {error!s:.100}") from error
        self.markdown = model.format == "markdown"
        return self

    @classmethod
    def descriptor_violations(cls, descriptor: Mapping[str, Any], rules: Rules) -> Iterator[Violation]:
        """Yield a size over the limit, and counts that no text of the file's size has."""
        size, characters = descriptor["size"], descriptor["characters"]
        too_large = checks.at_most(size, "text.size", "$.size", rules, "bytes")
        if too_large is not None:
            yield too_large
        if not characters <= size <= 4 * characters:
            yield Violation(
                "$.characters", "text.descriptor", f"{(size + 3) // 4} to {size} for {size} bytes", f"{characters}"
            )
        if not bool(characters) <= descriptor["lines"] <= characters:
            expected = f"{int(bool(characters))} to {characters} for {characters} characters"
            yield Violation("$.lines", "text.descriptor", expected, f"{descriptor['lines']}")

    def describe(self) -> str:
        """Return the format, the counts and the beginning of the text."""
        beginning = checks.show(self.text[:60].strip(), 40)
        return f"{self.format}, {self.lines:,} lines, {len(self.text):,} characters, {beginning}"
