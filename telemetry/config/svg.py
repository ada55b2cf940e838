"""Self-contained pictures: what all of them have alike. The same figures always make the same text."""

from xml.etree.ElementTree import Element, SubElement

WIDTH = 960
INK, QUIET = "#1f2430", "#5b6475"
_FONT = "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"


def drawing(title: str, description: str, height: int) -> Element:
    """Return an empty picture, with what readers of screens say of it."""
    root = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {WIDTH} {height}",
            "width": str(WIDTH),
            "height": str(height),
            "role": "img",
            "aria-labelledby": "title desc",
            "font-family": _FONT,
        },
    )
    SubElement(root, "title", {"id": "title"}).text = title
    SubElement(root, "desc", {"id": "desc"}).text = description
    return root


def text(
    root: Element,
    x: float,
    y: float,
    words: str,
    *,
    size: int = 13,
    weight: str = "400",
    colour: str = INK,
    anchor: str = "start",
) -> None:
    """Write words, whose base line begins, or ends, at a point."""
    style = {"font-size": str(size), "font-weight": weight, "fill": colour, "text-anchor": anchor}
    SubElement(root, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", **style}).text = words
