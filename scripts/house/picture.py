"""The house as an SVG: rooms on floors, and an arrow from each room to those that it imports."""

from html import escape

from rooms import House

WIDTH, FLOOR, HEIGHT, MARGIN = 1180, 96, 40, 20
GAP = 12
"""px, least space between two rooms."""
STYLE = (
    "text{font-family:sans-serif;text-anchor:middle}"
    ".name{font-size:13px;fill:#1b1f24}.lines{font-size:10px;fill:#66707c}"
    ".room{fill:#eef3f9;stroke:#4a6a8f}"
    ".way{fill:none;stroke:#2f5f98;stroke-width:1.2}"
    ".other{fill:none;stroke:#9aa7b5;stroke-width:.6;opacity:.45}"
    ".up{fill:none;stroke:#c0392b;stroke-width:1.4}"
)
Places = dict[str, tuple[float, float, float]]
"""Room -> centre, top, width in px."""


def draw(house: House, title: str) -> str:
    """Arrows are blue; grey where a longer way leads there too; red if they lead up."""
    floors = house.floors()
    places = _places(house, floors)
    height = 2 * MARGIN + 30 + len(floors) * FLOOR - (FLOOR - HEIGHT)
    short = house.short_ways()
    arrows = sorted(house.arrows, key=lambda pair: (pair in short, pair))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
            f"<title>{escape(title)}</title><style>{STYLE}</style>",
            f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#fff"/>',
            f'<text class="name" x="{WIDTH / 2}" y="{MARGIN + 6}">{escape(title)}</text>',
            *(_arrow(pair, house, places, pair in short) for pair in arrows),
            *(_room(room, house, places) for floor in floors for room in floor),
            "</svg>\n",
        ]
    )


def _places(house: House, floors: list[list[str]]) -> Places:
    """From the ground up, each room as near as can be to the middle of those that it imports."""
    places: Places = {}
    for index, floor in reversed(list(enumerate(floors))):
        widths = {room: _width(house, room) for room in floor}
        space = (WIDTH - 2 * MARGIN - sum(widths.values())) / len(floor)
        left = MARGIN + space / 2
        for room in sorted(floor, key=lambda room: (_wish(room, house, places), room)):
            top = MARGIN + 26 + index * FLOOR
            places[room] = (left + widths[room] / 2, top, widths[room])
            left += widths[room] + space
    return places


def _width(house: House, room: str) -> float:
    return max(len(room) * 7.5 + GAP, min(house.lines[room] / 28, 160), 52)


def _wish(room: str, house: House, places: Places) -> float:
    below = [places[other][0] for other in house.imported_by(room) if other in places]
    return sum(below) / len(below) if below else WIDTH / 2


def _arrow(pair: tuple[str, str], house: House, places: Places, is_short: bool) -> str:
    (x, top, _), (end_x, end_top, _) = (places[room] for room in pair)
    kind = "up" if top >= end_top else "way" if is_short else "other"
    start, end = (top, end_top + HEIGHT) if kind == "up" else (top + HEIGHT, end_top)
    bend = (end - start) / 2
    path = f"M{x:.0f} {start}C{x:.0f} {start + bend:.0f} {end_x:.0f} {end - bend:.0f}"
    count = house.arrows[pair]
    words = f"{pair[0]} imports {pair[1]}: {count} time{'s' * (count > 1)}"
    return f'<path class="{kind}" d="{path} {end_x:.0f} {end}"><title>{words}</title></path>'


def _room(room: str, house: House, places: Places) -> str:
    x, top, width = places[room]
    return (
        f'<rect class="room" x="{x - width / 2:.0f}" y="{top}" width="{width:.0f}" '
        f'height="{HEIGHT}" rx="5"/><text class="name" x="{x:.0f}" y="{top + 17}">{room}</text>'
        f'<text class="lines" x="{x:.0f}" y="{top + 32}">{house.lines[room]}</text>'
    )
