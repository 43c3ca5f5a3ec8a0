"""Rules of manifest.json (amoCRM docs: integrations/structure, areas, fields, requirements; digital_pipeline)."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.domain.widget_archive.problem import Files, Problem

MANIFEST = "manifest.json"
AREAS = frozenset({
    "lcard", "ccard", "comcard", "llist", "clist", "tlist", "cucard", "culist", "card_sdk", "settings",
    "advanced_settings", "digital_pipeline", "lead_sources", "catalogs", "whatsapp_modal", "everywhere", "sms",
    "mobile_card", "amoforms", "salesbot_designer",
})  # fmt: skip
FIELD_TYPES = frozenset({"text", "pass", "users", "users_lp", "custom"})
TRUTHS = ("init_once", "installation")
_AREA = re.compile(r"(?P<area>[a-z_]+?)(?:-[01])?")
_VERSION = re.compile(r"\d+\.\d+\.\d+")


def manifest_of(files: Files) -> Mapping[str, Any] | None:
    """The manifest, None when there is none that can be read."""
    try:
        read = json.loads(files.get(MANIFEST, b""))
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def part(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part that is an object; empty where it is none."""
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def areas_of(manifest: Mapping[str, Any]) -> frozenset[str]:
    """Where the widget lives, without what says whether it uses the right column."""
    named = manifest.get("locations")
    matches = [_AREA.fullmatch(one) for one in named if isinstance(one, str)] if isinstance(named, list) else []
    return frozenset(match["area"] for match in matches if match)


def readable(files: Files) -> Iterator[Problem]:
    if MANIFEST not in files:
        inside = next((name for name in files if name.endswith(f"/{MANIFEST}")), "")
        told = (
            f"it is in a folder ({inside}): put files at the root of the archive"
            if inside
            else "it is missing: add it at the root"
        )
        yield _problem("manifest_readable", told)
    elif manifest_of(files) is None:
        yield _problem("manifest_readable", "it is no JSON object: correct it")


def widget_keys(files: Files) -> Iterator[Problem]:
    widget = part(manifest_of(files) or {}, "widget")
    version = widget.get("version")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        yield _problem("widget_version", f"widget.version is {version!r}: write it like 1.0.0, and raise it each time")
    if widget.get("interface_version") != 2:
        yield _problem("interface_version", "widget.interface_version must be 2")
    for name in TRUTHS:
        if not isinstance(widget.get(name), bool):
            yield _problem("widget_keys", f"widget.{name} must be true or false")
    support = part(widget, "support")
    link, mail = str(support.get("link") or ""), str(support.get("email") or "")
    if not link.startswith("https://") and "@" not in mail:
        yield _problem("support", "widget.support needs a link (https://…) or an email where users get help")


def locations(files: Files) -> Iterator[Problem]:
    manifest = manifest_of(files) or {}
    named = manifest.get("locations")
    if not isinstance(named, list) or not named:
        yield _problem("locations", 'locations must be a list such as ["ccard-1", "settings"]')
        return
    for one in named:
        match = _AREA.fullmatch(one) if isinstance(one, str) else None
        if match is None or match["area"] not in AREAS:
            yield _problem("locations", f"amoCRM has no location {one!r}: take it out or correct it")
    areas = areas_of(manifest)
    if part(manifest, "widget").get("installation") is True and "settings" not in areas:
        yield _problem("locations", "a widget that is installed needs the location settings")
    if "advanced_settings" in areas and not part(manifest, "advanced").get("title"):
        yield _problem("advanced_title", "the location advanced_settings needs advanced.title")


def settings(files: Files) -> Iterator[Problem]:
    manifest = manifest_of(files) or {}
    fields = part(manifest, "settings")
    if part(manifest, "widget").get("installation") is True and not fields:
        yield _problem("settings", "a widget that is installed needs a block settings with a field")
    for code, field in fields.items():
        if not isinstance(field, dict) or field.get("type") not in FIELD_TYPES:
            yield _problem("settings", f"settings.{code}.type must be one of {', '.join(sorted(FIELD_TYPES))}")
        elif not isinstance(field.get("required"), bool):
            yield _problem("settings", f"settings.{code}.required must be true or false")
    custom = [code for code, field in fields.items() if isinstance(field, dict) and field.get("type") == "custom"]
    if len(custom) > 1:
        yield _problem("settings", f"one field of the type custom is allowed, not {len(custom)}: {', '.join(custom)}")


def digital_pipeline(files: Files) -> Iterator[Problem]:
    manifest = manifest_of(files) or {}
    if "digital_pipeline" not in areas_of(manifest):
        return
    dp = part(manifest, "dp")
    if not part(dp, "settings") or not isinstance(dp.get("action_multiple"), bool):
        yield _problem("digital_pipeline", "dp needs settings and action_multiple (true or false)")
    if not str(dp.get("webhook_url") or "").startswith("https://"):
        yield _problem("digital_pipeline", "dp.webhook_url must begin with https://")


def tour(files: Files) -> Iterator[Problem]:
    manifest = manifest_of(files) or {}
    shown, pictures = part(manifest, "tour"), part(part(manifest, "tour"), "tour_images")
    if shown.get("is_tour") is not True:
        yield _problem("tour", "tour.is_tour must be true: a tour is required")
    for language in languages_of(manifest):
        paths = pictures.get(language)
        if not isinstance(paths, list) or not paths:
            yield _problem("tour", f"tour.tour_images.{language} must name at least one picture")
            continue
        for path in paths:
            if str(path).removeprefix("/") not in files:
                yield _problem("tour", f"tour.tour_images.{language} names {path}, which is not in the archive")


def languages_of(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    named = part(manifest, "widget").get("locale")
    return tuple(one for one in named if isinstance(one, str)) if isinstance(named, list) else ()


def _problem(rule: str, sentence: str) -> Problem:
    return Problem(rule=rule, file=MANIFEST, sentence=sentence)
