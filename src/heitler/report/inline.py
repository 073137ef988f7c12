"""SVG files as part of an HTML page: no clashing ids, the page's colours, a text alternative."""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from markupsafe import Markup

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
THEMED = {
    "#ffffff": "var(--paper, #ffffff)",
    "#000000": "currentColor",
    "#666666": "var(--grey, #666666)",
    "#737373": "var(--grey, #737373)",
    "#808080": "var(--grey, #808080)",
    "#0072b2": "var(--blue, #0072b2)",
    "#d55e00": "var(--orange, #d55e00)",
    "#009e73": "var(--green, #009e73)",
    "#cc79a7": "var(--pink, #cc79a7)",
}
"""Colours of `heitler.report.style` as the style sheet has them, light and dark."""
COLOUR = re.compile(r"#[0-9a-f]{6}")
WIDE_PT = 620
"""From this width on, a figure shrunk to a phone's screen could not be read; it scrolls there."""
ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", XLINK)


def inline_svg(path: Path, alternative: str) -> Markup:
    """The figure as an `<svg>` element; `alternative` says in words what it shows.

    Ids get the file's name as prefix, because those of several figures on one page would clash.
    """
    root = ElementTree.parse(path).getroot()
    prefix = f"{path.parent.name}-{path.stem}-"
    for element in _distinct(root):
        for name, value in list(element.attrib.items()):
            if name == "id":
                element.set(name, prefix + value)
            elif name == f"{{{XLINK}}}href" and value.startswith("#"):
                element.set(name, f"#{prefix}{value[1:]}")
            else:
                own = value.replace("url(#", f"url(#{prefix}")
                element.set(name, _themed(own) if name == "style" else own)
    for size in ("width", "height"):  # the page decides; viewBox keeps the proportions
        root.attrib.pop(size, None)
    root.set("fill", "currentColor")
    root.set("class", "wide" if float(root.get("viewBox", "0 0 0 0").split()[2]) > WIDE_PT else "")
    root.set("role", "img")
    root.set("aria-label", alternative)
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _distinct(root: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """All elements; Matplotlib names equal images alike, of which the later ones lose their id."""
    seen: set[str] = set()
    for element in root.iter():
        name = element.get("id")
        if name in seen:
            del element.attrib["id"]
        elif name:
            seen.add(name)
        yield element


def _themed(style: str) -> str:
    return COLOUR.sub(lambda match: THEMED.get(match[0], match[0]), style)
