"""Figure: a matplotlib figure or an altair chart, as its exact picture and, where right, as an interactive figure.

Source: "Matplotlib" of the guides ("by default we'll convert the plot into a plotly plot"). That conversion loses
things and fails, so the picture is always kept beside it, and the descriptor says what came of the conversion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, Self

import msgspec
from msgspec import UNSET, Meta, UnsetType

from medialog.datatypes import matplotlib_figure, picture_file
from medialog.datatypes.base import Caption, Change, ChangeLog, Changes, DataType, Model
from medialog.datatypes.figure_json import short_text
from medialog.datatypes.files import Sink, Source
from medialog.datatypes.image import Image, ImageDescriptor
from medialog.datatypes.plotly_figure import Plotly, PlotlyDescriptor, Title
from medialog.datatypes.vega_figure import VegaDescriptor, VegaLite, has_image_marks, is_altair
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation
from medialog.validators.rules import Rules, Strictness

Status = Literal["ok", "lossy", "failed"]


class ConversionDescriptor(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What came of making the interactive form."""

    status: Annotated[
        Status, Meta(description="ok: it shows the figure; lossy: it lacks what reason says; failed: there is none")
    ]
    reason: Annotated[str, Meta(min_length=1, max_length=600)] | UnsetType = UNSET


class FigureDescriptor(Model, tag="figure"):
    """The wire form of a figure: its picture, its interactive form, or both."""

    library: Annotated[Literal["matplotlib", "altair"], Meta(description="what drew it")]
    conversion: ConversionDescriptor
    lossless: Annotated[bool, Meta(description="the library's own object can be made again from what is stored")]
    image: (
        Annotated[ImageDescriptor, Meta(description="the exact picture; a matplotlib figure always has it")] | UnsetType
    ) = UNSET
    plotly: Annotated[PlotlyDescriptor, Meta(description="the interactive form of a matplotlib figure")] | UnsetType = (
        UNSET
    )
    vega: Annotated[VegaDescriptor, Meta(description="the complete specification of an altair chart")] | UnsetType = (
        UNSET
    )
    title: Title | UnsetType = UNSET
    caption: Caption | UnsetType = UNSET
    changes: Changes | UnsetType = UNSET


class Figure(DataType, kind="figure"):
    """A figure: `Figure(figure, caption=...)`.

    `figure` is one of

    - a matplotlib figure, axes or other artist, or `matplotlib.pyplot` with its current figure: stored is the exact
      picture that `savefig` makes (PNG) and, when every artist in it has an exact form in plotly, the interactive
      figure. Otherwise `conversion` says why not, or what the interactive one lacks. The figure is not changed and not
      closed;
    - an altair chart: stored is its complete Vega-Lite specification with its data, and a picture when `vl-convert` is
      installed.

    A plotly figure is stored by `Plotly`; `Image(figure)` stores the picture only. Raises `InvalidInput`.
    """

    Descriptor = FigureDescriptor
    documented_rules = {
        **matplotlib_figure.FIGURE_RULES,
        "figure.type": "a figure is a matplotlib figure, axes, artist or pyplot, or an altair chart",
        "figure.parts": "a matplotlib figure has its picture, an altair chart its specification, as `conversion` says",
    }
    documented_changes = {
        "figure.no_picture": "an altair chart stored without a picture: vl-convert is missing or failed, or would fetch"
    }

    def __init__(
        self,
        figure: Any,
        caption: str | None = None,
        *,
        limits: Mapping[str, Any] | None = None,
        strict: Strictness | None = None,
    ) -> None:
        log = self._begin(limits, strict, caption)
        self.image: Image | None = None
        self._plotly: Plotly | None = None
        self._vega: VegaLite | None = None
        self.status: Status = "ok"
        self.reason: str | None = None
        self.title: str | None = None
        found = matplotlib_figure.find_figure(figure)
        if found is not None:
            self.library: Literal["matplotlib", "altair"] = "matplotlib"
            self._take_matplotlib(found)
        elif is_altair(figure):
            self.library = "altair"
            self._take_altair(figure, log)
        else:
            raise checks.wrong_type("Figure", "figure.type", _expected(figure), figure)

    def _take_matplotlib(self, figure: Any) -> None:
        from medialog.datatypes.matplotlib_to_plotly import convert

        width, height = figure.get_size_inches() * figure.dpi
        picture_file.check_size(int(width), int(height), "Figure", self._rules)
        # The picture first: drawing settles limits, ticks and layout, which the conversion reads.
        self.image = Image(figure, **self._pinned())
        self.title = _title(figure)
        conversion = convert(figure)
        self.status, self.reason = conversion.status, conversion.reason
        if conversion.document is not None:
            try:
                self._plotly = Plotly(conversion.document, **self._pinned())
            except InvalidInput as error:
                rules = ", ".join(violation.rule for violation in error.violations)
                self.status, self.reason = "failed", f"the interactive form breaks {rules}"

    def _take_altair(self, chart: Any, log: ChangeLog) -> None:
        self._vega = VegaLite(chart, **self._pinned())
        self.title = self._vega.title
        spec = self._vega.to_dict()
        if has_image_marks(spec):
            # vl-convert fetches their pictures, also with allowed_base_urls=[] (seen with 1.9), and nothing is fetched
            # here.
            log.record("figure.no_picture", "no picture of the chart: drawing its image marks would fetch them")
            return
        try:
            import vl_convert

            picture = vl_convert.vegalite_to_png(spec)
            self.image = Image(picture, **self._pinned())
        except ImportError:
            log.record("figure.no_picture", "no picture of the chart: vl-convert is not installed")
        except Exception as error:  # noqa: BLE001 - whatever a renderer stumbles over, the specification is complete
            log.record("figure.no_picture", f"no picture of the chart: vl-convert failed with {type(error).__name__}")

    def _pinned(self) -> dict[str, Any]:
        return {"limits": self._rules.limits, "strict": self._rules.strict}

    @property
    def plotly(self) -> dict[str, Any] | None:
        """Return the interactive form, `{"data", "layout"}`, or None when there is none."""
        return None if self._plotly is None else self._plotly.to_dict()

    @property
    def vega(self) -> dict[str, Any] | None:
        """Return the Vega-Lite specification, or None when there is none."""
        return None if self._vega is None else self._vega.to_dict()

    @property
    def lossless(self) -> bool:
        """Say whether the library's own object can be made again: an altair chart can, a matplotlib figure cannot."""
        return self._vega is not None and self._vega.lossless

    def to_pil(self) -> Any:
        """Return the picture as a new Pillow image. `LookupError` for a chart that was stored without one."""
        if self.image is None:
            raise LookupError("this figure was stored without a picture")
        return self.image.to_pil()

    def to_numpy(self) -> Any:
        """Return the picture's pixels as H x W x 4 uint8. `LookupError` for a chart that was stored without one."""
        if self.image is None:
            raise LookupError("this figure was stored without a picture")
        return self.image.to_numpy()

    def _all_changes(self) -> Iterable[Change]:
        yield from self._changes
        for part in self._parts():
            yield from part.changes

    def _parts(self) -> list[DataType]:
        return [part for part in (self.image, self._plotly, self._vega) if part is not None]

    def build(self, sink: Sink) -> FigureDescriptor:
        """Write the picture and the interactive form and return the descriptor."""
        reason = UNSET if self.reason is None else self.reason
        return FigureDescriptor(
            library=self.library,
            conversion=ConversionDescriptor(status=self.status, reason=reason),
            lossless=self.lossless,
            image=UNSET if self.image is None else self.image.build(sink),
            plotly=UNSET if self._plotly is None else self._plotly.build(sink),
            vega=UNSET if self._vega is None else self._vega.build(sink),
            title=UNSET if self.title is None else self.title,
            **self._common(),
        )

    @classmethod
    def decode(cls, descriptor: Mapping[str, Any], source: Source) -> Self:
        """Return the figure of a descriptor."""
        model: FigureDescriptor = cls.read_model(descriptor)
        self = cls.restore(model.caption, model.changes)
        self.library, self.status = model.library, model.conversion.status
        self.reason = None if isinstance(model.conversion.reason, UnsetType) else model.conversion.reason
        self.title = None if isinstance(model.title, UnsetType) else model.title
        self.image = Image.decode(descriptor["image"], source) if "image" in descriptor else None
        self._plotly = Plotly.decode(descriptor["plotly"], source) if "plotly" in descriptor else None
        self._vega = VegaLite.decode(descriptor["vega"], source) if "vega" in descriptor else None
        return self

    @classmethod
    def descriptor_violations(cls, descriptor: Mapping[str, Any], rules: Rules) -> Iterator[Violation]:
        """Yield parts that do not agree with `library` and `conversion`, and what is wrong inside the parts."""
        status, is_matplotlib = descriptor["conversion"]["status"], descriptor["library"] == "matplotlib"
        wanted = {"image": True} if is_matplotlib else {}
        wanted |= {"plotly": is_matplotlib and status != "failed", "vega": not is_matplotlib}
        for name, is_wanted in wanted.items():
            if is_wanted != (name in descriptor):
                what = f"conversion {status} of {descriptor['library']}"
                expected = f"{'a' if is_wanted else 'no'} {name} for {what}"
                yield Violation(f"$.{name}", "figure.parts", expected, "one" if name in descriptor else "none")
        if (status == "ok") == ("reason" in descriptor["conversion"]):
            expected = "a reason exactly when status is not ok"
            yield Violation("$.conversion.reason", "figure.parts", expected, checks.show(descriptor["conversion"]))
        if not is_matplotlib and status != "ok":
            yield Violation("$.conversion.status", "figure.parts", "ok for altair", repr(status))
        for name, part in (("image", Image), ("plotly", Plotly), ("vega", VegaLite)):
            for violation in part.descriptor_violations(descriptor[name], rules) if name in descriptor else ():
                yield Violation(f"$.{name}{violation.at[1:]}", violation.rule, violation.expected, violation.got)

    def describe(self) -> str:
        """Return the library, the parts, and the title."""
        facts: list[str] = [self.library]
        if self.image is not None:
            facts.append(f"{self.image.height} x {self.image.width} picture")
        if self.library == "matplotlib":
            facts.append({"ok": "interactive", "lossy": "interactive, lossy", "failed": "picture only"}[self.status])
        if self.title is not None:
            facts.append(checks.show(self.title, 40))
        return ", ".join(facts)


def _title(figure: Any) -> str | None:
    """Return the figure's title, or that of its first axes that has one."""
    titles = [figure._suptitle.get_text()] if getattr(figure, "_suptitle", None) is not None else []
    titles += [
        axes.get_title(loc) for axes in figure.axes for loc in ("center", "left", "right") if hasattr(axes, "get_title")
    ]
    return next((short for title in titles if (short := short_text(title)) is not None), None)


def _expected(value: Any) -> str:
    expected = "a matplotlib figure, axes, artist or pyplot, or an altair chart"
    modules = {cls.__module__.partition(".")[0] for cls in type(value).__mro__}
    if "plotly" in modules or (isinstance(value, Mapping) and "data" in value):
        return f"{expected} (Plotly(...) stores a plotly figure)"
    if isinstance(value, Mapping):
        return f"{expected} (VegaLite(...) stores a specification)"
    if isinstance(value, (tuple, list)) and value:
        return f"{expected} (one of these items: Figure(value[0]))"
    return expected
