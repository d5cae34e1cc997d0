"""By what findings are decided now, and others decided like them."""

from __future__ import annotations

from typing import Any

from napari_sciml.core.findings import Findings
from napari_sciml.techniques.registry import window_of


def live_settings(findings: Findings) -> tuple[float, dict[str, Any]]:
    """Give the threshold and the further settings by which findings are decided now."""
    record = findings.provenance
    live = {name: record.settings[name] for name in window_of(record.technique).live}
    return record.settings["threshold"], live


def like(findings: Findings, other: Findings) -> Findings:
    """Decide findings as others are decided now."""
    threshold, live = live_settings(other)
    return findings.at_threshold(threshold, **live)
