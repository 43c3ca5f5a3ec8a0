"""What a page must be like at every width and in both themes: readable by everybody, and nowhere wider than its window."""

from collections.abc import Sequence

from axe_playwright_python.sync_playwright import Axe

from visitor import HEIGHTS, NARROW, WIDE, Visitor

AXE = Axe()
GRAVE = {"serious", "critical"}
CONTRAST_ONLY = {"resultTypes": ["violations"], "runOnly": ["color-contrast"]}
EVERYTHING = {"resultTypes": ["violations"]}


def inspect(visitor: Visitor, name: str, *, by_axe: bool = True) -> Sequence[str]:
    """Keep pictures of the page as it is now, wide and narrow, light and dark; what is wrong with it.

    A theme changes colours only, so in the dark one axe looks at contrast alone.
    """
    wrong: list[str] = []
    for width in (WIDE, NARROW):
        visitor.page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        wrong += [f"{name} at {width} px: {one}" for one in visitor.overflows()]
        for theme in ("light", "dark"):
            visitor.page.emulate_media(color_scheme=theme)
            visitor.picture(f"{name}-{width}-{theme}")
            if by_axe:
                options = EVERYTHING if theme == "light" else CONTRAST_ONLY
                wrong += [f"{name} at {width} px, {theme}: {one}" for one in violations(visitor, options)]
    visitor.page.set_viewport_size({"width": WIDE, "height": HEIGHTS[WIDE]})
    visitor.page.emulate_media(color_scheme="light")
    return wrong


def violations(visitor: Visitor, options: dict[str, object]) -> Sequence[str]:
    """What axe-core finds serious or critical, with the element and what is wrong about it."""
    if not visitor.page.evaluate("'axe' in window"):
        visitor.page.evaluate(AXE.axe_script)
    found = visitor.page.evaluate("async options => (await axe.run(document, options)).violations", options)
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary']}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]
