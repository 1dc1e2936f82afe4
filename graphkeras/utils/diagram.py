"""`Diagram`: boxes with text and arrows between them, as SVG, as PNG (with Pillow), or in Graphviz's language."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from html import escape

from ..data.images import pillow
from .layered_layout import Point, layered

with suppress(ImportError):  # an extra; `to_png` says so
    from PIL import Image, ImageDraw, ImageFont

LINE, LETTER, PADDING, MARGIN, FONT = 18.0, 7.3, 10.0, 12.0, 12
FILL, FRAME, INK = "#eef2fb", "#fafafa", "#334"


@dataclass(frozen=True)
class Box:
    """A box with lines of text; with `inside`, a frame around another diagram, whose first line is its title."""

    lines: tuple[str, ...]
    inside: Diagram | None = None


@dataclass(frozen=True)
class Diagram:
    """Boxes, and arrows as pairs of their numbers.

    Attributes:
        name: the name of the graph in Graphviz's language.
        rankdir: where the arrows go: "TB" down, "BT" up, "LR" to the right, "RL" to the left.
        dpi: dots per inch of a PNG; 96 are one per unit of the SVG.
        splines: how Graphviz draws arrows.
    """

    name: str
    boxes: Sequence[Box]
    arrows: Sequence[tuple[int, int]]
    rankdir: str = "TB"
    dpi: int = 200
    splines: str = "ortho"

    def to_string(self) -> str:
        """The graph in Graphviz's language."""
        head = [
            f"digraph {_quoted(self.name)} {{",
            f"  graph [rankdir={self.rankdir}, dpi={self.dpi}, splines={self.splines}];",
        ]
        return "\n".join([*head, "  node [shape=box];", *self._statements(""), "}"]) + "\n"

    def _statements(self, prefix: str) -> list[str]:
        """Boxes are called by their numbers, those inside of others by all numbers on the way; a frame is a cluster."""
        found = []
        for number, box in enumerate(self.boxes):
            name = f"{prefix}{number}"
            if box.inside is None:
                found.append(f"  {name} [label={_quoted(chr(10).join(box.lines))}];")
            else:
                inner = box.inside._statements(f"{name}_")
                found += [f"  subgraph cluster_{name} {{", f"  label={_quoted(chr(10).join(box.lines))};", *inner, "  }"]
        for start, end in self.arrows:
            ends = (f"{prefix}{start}{self._end(start, last=True)}", f"{prefix}{end}{self._end(end, last=False)}")
            found.append(f"  {ends[0]} -> {ends[1]};")
        return found

    def _end(self, number: int, last: bool) -> str:
        """Which box inside of box `number` an arrow of Graphviz ends at."""
        inside = self.boxes[number].inside
        if inside is None or not inside.boxes:
            return ""
        inner = len(inside.boxes) - 1 if last else 0
        return f"_{inner}{inside._end(inner, last)}"

    def to_svg(self) -> str:
        """The picture as the text of an SVG file."""
        drawing = draw(self)
        w, h = drawing.size
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{w:g}" height="{h:g}" font-family="monospace" font-size="{FONT}">',
            '<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
            f'<path d="M0 0L8 4L0 8z" fill="{INK}"/></marker></defs><rect width="100%" height="100%" fill="white"/>',
        ]
        for frame in drawing.frames:
            parts.append(
                f'<rect x="{frame.left:g}" y="{frame.top:g}" width="{frame.width:g}" height="{frame.height:g}" rx="3" '
                f'fill="{frame.fill}" stroke="{INK}"/>'
            )
        for points in drawing.arrows:
            way = "L".join(f"{x:g} {y:g}" for x, y in points)
            parts.append(f'<path d="M{way}" stroke="{INK}" fill="none" stroke-linejoin="round" marker-end="url(#tip)"/>')
        for x, y, text in drawing.texts:
            parts.append(f'<text x="{x:g}" y="{y:g}" text-anchor="middle">{escape(text)}</text>')
        return "\n".join([*parts, "</svg>"]) + "\n"

    def to_png(self) -> bytes:
        """The picture as the content of a PNG file, with `dpi` dots per inch.

        Raises:
            ImportError: without Pillow.
        """
        pillow("plot_model to a .png file")
        drawing, scale = draw(self), 2 * self.dpi / 96  # twice as large, and then made smaller: smooth lines
        width, height = (max(1, round(side * scale)) for side in drawing.size)
        picture = Image.new("RGB", (width, height), "white")
        pen, font = ImageDraw.Draw(picture), ImageFont.load_default(FONT * scale)
        stroke = max(1, round(scale))
        for frame in drawing.frames:
            edges = [frame.left, frame.top, frame.left + frame.width, frame.top + frame.height]
            corners = [side * scale for side in edges]
            pen.rounded_rectangle(corners, radius=3 * scale, fill=frame.fill, outline=INK, width=stroke)
        for points in drawing.arrows:
            scaled = [(x * scale, y * scale) for x, y in points]
            pen.line(scaled, fill=INK, width=stroke, joint="curve")
            pen.polygon(_tip(scaled, 8 * scale), fill=INK)
        for x, y, text in drawing.texts:
            pen.text((x * scale, y * scale), text, fill="black", font=font, anchor="ms")
        content = io.BytesIO()
        small = picture.resize((max(1, width // 2), max(1, height // 2)), Image.Resampling.LANCZOS)
        small.save(content, "PNG", dpi=(self.dpi, self.dpi))
        return content.getvalue()


@dataclass(frozen=True)
class Rectangle:
    """A drawn box."""

    left: float
    top: float
    width: float
    height: float
    fill: str


@dataclass
class Drawing:
    """Shapes in units of an SVG; those that come later lie above.

    Attributes:
        size: width and height.
        frames: the boxes.
        arrows: the points of each.
        texts: (middle, baseline, text).
    """

    size: Point
    frames: list[Rectangle] = field(default_factory=list)
    arrows: list[list[Point]] = field(default_factory=list)
    texts: list[tuple[float, float, str]] = field(default_factory=list)


def draw(diagram: Diagram) -> Drawing:
    """Every box one layer behind the last of those it depends on."""
    inner = [None if box.inside is None else draw(box.inside) for box in diagram.boxes]
    sizes = [_size(box, drawing) for box, drawing in zip(diagram.boxes, inner, strict=True)]
    across = diagram.rankdir in ("LR", "RL")
    layout = layered([(h, w) if across else (w, h) for w, h in sizes], diagram.arrows)
    breadth, depth = layout.size

    def placed(point: Point) -> Point:
        along, down = point
        if diagram.rankdir in ("BT", "RL"):
            down = depth - down
        return (down + MARGIN, along + MARGIN) if across else (along + MARGIN, down + MARGIN)

    width, height = (depth, breadth) if across else (breadth, depth)
    result = Drawing((width + 2 * MARGIN, height + 2 * MARGIN))
    result.arrows = [[placed(point) for point in route] for route in layout.routes]
    for box, drawing, (w, h), center in zip(diagram.boxes, inner, sizes, layout.centers, strict=True):
        x, y = placed(center)
        left, top = x - w / 2, y - h / 2
        result.frames.append(Rectangle(left, top, w, h, FILL if drawing is None else FRAME))
        result.texts += [(x, top + LINE * (number + 1), line) for number, line in enumerate(box.lines)]
        if drawing is not None:
            _put_inside(result, drawing, x - drawing.size[0] / 2, top + LINE * len(box.lines))
    return result


def _size(box: Box, inner: Drawing | None) -> Point:
    width = max((len(line) for line in box.lines), default=0) * LETTER + 2 * PADDING
    height = LINE * len(box.lines) + PADDING
    return (width, height) if inner is None else (max(width, inner.size[0]), height + inner.size[1] - PADDING / 2)


def _put_inside(outer: Drawing, inner: Drawing, left: float, top: float) -> None:
    outer.frames += [Rectangle(one.left + left, one.top + top, one.width, one.height, one.fill) for one in inner.frames]
    outer.arrows += [[(x + left, y + top) for x, y in points] for points in inner.arrows]
    outer.texts += [(x + left, y + top, text) for x, y, text in inner.texts]


def _tip(points: Sequence[Point], size: float) -> list[Point]:
    """The head of an arrow along its last piece."""
    (x0, y0), (x1, y1) = points[-2:]
    length = max(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, 1e-9)
    dx, dy = (x1 - x0) / length * size, (y1 - y0) / length * size
    return [(x1, y1), (x1 - dx - dy / 2, y1 - dy + dx / 2), (x1 - dx + dy / 2, y1 - dy - dx / 2)]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
