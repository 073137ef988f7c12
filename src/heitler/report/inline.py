"""SVG files as part of an HTML page: no clashing ids, no metadata, a text alternative."""

import re
from pathlib import Path
from xml.etree import ElementTree

from markupsafe import Markup

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", XLINK)


def inline_svg(path: Path, alternative: str) -> Markup:
    """The figure as an `<svg>` element; `alternative` says in words what it shows.

    Ids get the file's name as prefix, because those of several figures on one page would clash.
    """
    root = ElementTree.parse(path).getroot()
    prefix = f"{path.parent.name}-{path.stem}-"
    for element in root.iter():
        for name, value in list(element.attrib.items()):
            if name == "id":
                element.set(name, prefix + value)
            elif name == f"{{{XLINK}}}href" and value.startswith("#"):
                element.set(name, f"#{prefix}{value[1:]}")
            else:
                element.set(name, re.sub(r"url\(#", f"url(#{prefix}", value))
    for size in ("width", "height"):  # the page decides; viewBox keeps the proportions
        root.attrib.pop(size, None)
    root.set("role", "img")
    root.set("aria-label", alternative)
    return Markup(ElementTree.tostring(root, encoding="unicode"))
