"""What computed a result, and what that cost, as short rows for the page."""

from __future__ import annotations

from napari_sciml.app.base.backend_choices import bytes_text, ratio_text, share_text
from napari_sciml.app.base.runtime_text import runtime_text, sentence_of
from napari_sciml.core.provenance import NetworkRecord, Provenance


def network_rows(record: Provenance) -> list[tuple[str, str]]:
    """Return what, in a word, and what about it; nothing for a run without a network or an old record."""
    network = record.network
    if network is None:
        return []
    rows = [("Computed by", f"{network.label}, {runtime_text(record.runtime)}")]
    rows.append(("Network", milliseconds_text(network.milliseconds)))
    if network.model_bytes:
        rows.append(("Model", size_row(network)))
    if network.agreement is not None and network.compared:
        rows.append(("Agreement", agreement_row(network)))
    if network.energy_mJ:
        rows.append(("Energy", f"{energy_text(network.energy_mJ)} (estimate)"))
    return rows


def choice_line(record: Provenance) -> str:
    """Return why this runtime executed the network, or nothing."""
    choice = "" if record.network is None else sentence_of(record.network.choice)
    return f"{choice}." if choice else ""


def size_row(network: NetworkRecord) -> str:
    """Return how large the weights are, beside float32 where they are not that."""
    size = bytes_text(network.model_bytes)
    if not network.float_bytes or network.model_bytes == network.float_bytes:
        return size
    return f"{size}, {ratio_text(network.float_bytes, network.model_bytes)}"


def agreement_row(network: NetworkRecord) -> str:
    """Return how many answers on this image had the same label as float32."""
    assert network.agreement is not None
    words = f"the same label as float32 in {share_text(network.agreement)} of {network.compared:,} answers"
    if network.unusual_agreement is not None:
        words += f", and in {share_text(network.unusual_agreement)} of the {network.unusual:,} rare ones"
    if network.difference is None:
        return words
    return f"{words}; scores differ by at most {network.difference:.2g}"


def milliseconds_text(milliseconds: float) -> str:
    """Write the time in the network.

    Examples
    --------
    >>> milliseconds_text(3.14159), milliseconds_text(12345.0)
    ('3.1 ms', '12,345 ms')
    """
    return f"{milliseconds:.1f} ms" if milliseconds < 10 else f"{milliseconds:,.0f} ms"


def energy_text(energy_mJ: float) -> str:
    """Write an energy with two digits: the estimate has no more.

    Examples
    --------
    >>> energy_text(0.000021), energy_text(0.0314), energy_text(4.27), energy_text(5321.0)
    ('21 nJ', '31 µJ', '4.3 mJ', '5.3 J')
    """
    for limit_mJ, factor, unit in ((1e-3, 1e6, "nJ"), (1.0, 1e3, "µJ"), (1e3, 1.0, "mJ")):
        if energy_mJ < limit_mJ:
            return f"{float(f'{energy_mJ * factor:.2g}'):g} {unit}"
    return f"{float(f'{energy_mJ / 1e3:.2g}'):g} J"
