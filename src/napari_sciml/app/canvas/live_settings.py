"""By what findings are decided now, and others decided like them."""

from __future__ import annotations

from collections.abc import Mapping

from napari_sciml.core.findings import Findings
from napari_sciml.techniques.registry import window_of

Live = Mapping[str, object]
"""Settings besides the threshold that decide at once, by name; for example ``{"min_tiles": 5}``."""


def live_settings(findings: Findings) -> tuple[float, Live]:
    """Return the threshold and the further settings by which findings are decided now."""
    record = findings.provenance
    live = {name: record.settings[name] for name in window_of(record.technique).live}
    return record.settings["threshold"], live


def decided(findings: Findings, threshold: float, live: Live) -> Findings:
    """Decide findings by a threshold and further settings."""
    return findings.at_threshold(threshold, **live)


def like(findings: Findings, other: Findings) -> Findings:
    """Decide findings as others are decided now."""
    return decided(findings, *live_settings(other))
