"""All rules, in the order they are told."""

from collections.abc import Sequence

from orchestrator.domain.widget_archive import code, languages, layout, manifest, pictures
from orchestrator.domain.widget_archive.problem import Files, Problem, Rule

RULES: Sequence[Rule] = (
    manifest.readable,
    layout.places,
    layout.encoding,
    manifest.widget_keys,
    manifest.locations,
    manifest.settings,
    manifest.digital_pipeline,
    manifest.tour,
    languages.files_match_manifest,
    languages.one_shape,
    languages.named_texts,
    pictures.logos,
    pictures.weight_and_kind,
    code.module,
    code.moderation,
    code.style,
    layout.unused,
)


def problems_of(files: Files) -> Sequence[Problem]:
    """Every rule that is broken. Without a manifest nothing else can be told."""
    unreadable = list(manifest.readable(files))
    return unreadable or [problem for rule in RULES for problem in rule(files)]
