"""`recorded`: the run record, with what the network cost."""

from __future__ import annotations

from typing import Any

from napari_sciml.backends.predictor import Predictor
from napari_sciml.core.provenance import Provenance


def recorded(predictor: Predictor | None, *, problems: tuple[str, ...] = (), **facts: Any) -> Provenance:
    """Make the record of a run with `predictor`, or without a network if it is None.

    What the predictor has to tell, such as a fall-back, comes first among the problems. What it cost is known
    of those that `open_for` gives.
    """
    if predictor is None:
        return Provenance(backend="none", runtime="scipy", weights_sha256="", problems=problems, **facts)
    from napari_sciml.backends.metered import Metered

    return Provenance(
        backend=predictor.backend,
        runtime=predictor.runtime,
        weights_sha256=predictor.weights_sha256,
        network=predictor.record(facts["seconds"]) if isinstance(predictor, Metered) else None,
        problems=(*predictor.notes, *problems),
        **facts,
    )
