"""`Addition`: what a page makes of a result after its run."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from napari_sciml.core.findings import Findings
from napari_sciml.core.provenance import Provenance

Files = Mapping[str, pd.DataFrame | Provenance]
"""Tables and run records by the names of their files."""


class Addition:
    """Is saved with a result and told to scripts. A page inherits it and says what it adds."""

    def complete(self, findings: Findings) -> Findings:
        """Return `findings` with what was made of them, for example the views of picked particles."""
        return findings

    def files(self) -> Files:
        """Return further files that are saved beside the result."""
        return {}

    def settings(self) -> Mapping[str, object]:
        """Return settings of what was made of it; a script or a command line is told them too."""
        return {}
