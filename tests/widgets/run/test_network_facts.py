from __future__ import annotations

from dataclasses import replace

from qtpy.QtWidgets import QLabel

from napari_sciml.app.session import session_for
from napari_sciml.core.provenance import NetworkRecord
from napari_sciml.widgets.run.network_facts import NetworkFacts

NETWORK = NetworkRecord(
    label="8 levels, qat",
    milliseconds=120.0,
    model_bytes=92_000,
    float_bytes=900_000,
    multiply_adds=1e9,
    energy_mJ=3.1,
    compared=512,
    agreement=0.99,
    choice="torch is the fastest here",
)


def test_the_block_is_hidden_until_a_result_tells_something(window):
    assert window.find("sciml_network").isHidden()
    window.open_image()
    window.run()
    assert window.find("sciml_network").isHidden()


def test_the_figures_stand_beside_the_result(window):
    run = window.technique.run

    def told(source, settings, cancel=None):
        findings = yield from run(source, settings, cancel)
        record = findings.provenance.model_copy(update={"network": NETWORK})
        return replace(findings, provenance=record)

    window.technique.run = told
    window.open_image()
    window.run()
    assert not window.find("sciml_network").isHidden()
    assert window.text("sciml_network_computed") == "8 levels, qat, numpy"
    assert window.text("sciml_network_energy").endswith("(estimate)")
    assert window.text("sciml_runtime_choice") == "PyTorch is the fastest here."
    assert "estimate" in window.find("sciml_network").toolTip()


def test_new_figures_replace_the_old_ones(qtbot, window):
    window.open_image()
    window.run()
    record = session_for(window.viewer).runs.state.findings.provenance
    facts = NetworkFacts()
    qtbot.addWidget(facts)
    facts.show_record(record.model_copy(update={"network": NETWORK}))
    facts.show_record(record.model_copy(update={"network": NETWORK.model_copy(update={"milliseconds": 7.0})}))
    qtbot.wait(10)
    shown = [label.text() for label in facts.findChildren(QLabel, "sciml_network_network")]
    assert shown == ["7.0 ms"]
