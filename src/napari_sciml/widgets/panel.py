"""`SciMLPanel`: the one dock of the plugin. It ties each page to its controller and holds no state."""

from __future__ import annotations

import weakref
from functools import partial
from typing import Any

from qtpy.QtWidgets import QApplication, QFileDialog, QTabWidget, QVBoxLayout, QWidget

from napari_sciml.app.base.state import RunState
from napari_sciml.app.codebook.state import CodebookState
from napari_sciml.app.compare.state import ComparisonState
from napari_sciml.app.session import session_for
from napari_sciml.app.simulate.controller import SimulationState
from napari_sciml.widgets.by_technique import result_page_of, simulate_page_of
from napari_sciml.widgets.codebook.page import CodebookPage
from napari_sciml.widgets.parts.basics import scrolled
from napari_sciml.widgets.parts.result_page import ResultPage
from napari_sciml.widgets.run.page import RunPage
from napari_sciml.widgets.simulate.page import SimulatePage

COPIED_PYTHON = "Copied as Python; paste it into a script or a notebook."
COPIED_COMMAND = "Copied as a command; paste it into a terminal."


class SciMLPanel(QWidget):
    """The panel "SciML". Closing and reopening it loses nothing: the state belongs to the viewer.

    Parameters
    ----------
    napari_viewer
        The viewer, as napari hands it to plugins.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__()
        self.setObjectName("sciml_panel")
        session = session_for(napari_viewer)
        self._session = session
        self._runs = session.runs
        self._simulation = session.simulation
        self.run_page = RunPage()
        self._result_page: ResultPage | None = None
        self._simulate_page: SimulatePage | None = None
        self._codebook_page: CodebookPage | None = None
        self._pages = self._create_pages()
        self._connect_run_page()
        self._viewer = getattr(napari_viewer, "__wrapped__", napari_viewer)
        for controller, slot in (
            (self._runs, self._on_run_changed),
            (self._simulation, self._on_simulation_changed),
            (session.comparison, self._on_comparison_changed),
            (session.codebook, self._on_codebook_changed),
        ):
            controller.changed.connect(slot)
            # psygnal holds the panel weakly, but Qt may delete its inside while Python still holds the shell.
            self.destroyed.connect(partial(_disconnect, weakref.ref(controller), weakref.WeakMethod(slot)))
        self._on_run_changed(self._runs.state)
        self._on_comparison_changed(session.comparison.state)
        self._on_codebook_changed(session.codebook.state)
        self._viewer.events.theme.connect(self._on_theme)
        self._on_theme()

    def _create_pages(self) -> QTabWidget:
        pages = QTabWidget()
        pages.setObjectName("sciml_pages")
        pages.setDocumentMode(True)
        pages.addTab(scrolled(self.run_page), "Run")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(pages)
        return pages

    def _connect_run_page(self) -> None:
        page, runs = self.run_page, self._runs
        page.image_chosen.connect(runs.choose_image)
        page.asked.connect(runs.ask)
        page.technique_chosen.connect(runs.choose_technique)
        page.model_chosen.connect(runs.choose_model)
        page.values_changed.connect(runs.change_values)
        page.compute_changed.connect(runs.change_compute)
        page.measure_pressed.connect(runs.measure_runtimes)
        page.threshold_moved.connect(runs.set_threshold)
        page.decided.connect(runs.set_live)
        page.run_pressed.connect(runs.run)
        page.stop_pressed.connect(runs.stop)
        page.copy_python_pressed.connect(self._on_copy_python)
        page.copy_command_pressed.connect(self._on_copy_command)
        page.save_pressed.connect(self._on_save)
        bar, comparison = page.comparison, self._session.comparison
        bar.chosen.connect(comparison.choose)
        bar.compare_pressed.connect(comparison.start)
        bar.stop_pressed.connect(comparison.stop)
        bar.stepped.connect(comparison.step)
        bar.leave_pressed.connect(comparison.leave)

    def show_result(self) -> None:
        """Turn to the page of the result, if there is one."""
        self._turn_to(self._result_page)

    def show_simulation(self) -> None:
        """Turn to the page Simulate, if the chosen technique has one."""
        self._turn_to(self._simulate_page)

    def _turn_to(self, page: QWidget | None) -> None:
        if page is not None:
            self._pages.setCurrentIndex(self._index_of(page))

    def _index_of(self, page: QWidget) -> int:
        """Give the tab whose scroll area holds `page`."""
        areas = [self._pages.widget(index) for index in range(self._pages.count())]
        return next(index for index, area in enumerate(areas) if area is not None and area.isAncestorOf(page))

    def _remove(self, page: QWidget) -> None:
        index = self._index_of(page)
        area = self._pages.widget(index)
        self._pages.removeTab(index)
        assert area is not None
        area.deleteLater()

    def _on_run_changed(self, state: RunState) -> None:
        self.run_page.show_state(state)
        self._offer_result_page(state)
        self._offer_simulate_page(state)
        if self._result_page is not None:
            self._result_page.show_state(state)

    def _on_comparison_changed(self, state: ComparisonState) -> None:
        self.run_page.comparison.show_state(state)

    def _offer_result_page(self, state: RunState) -> None:
        """Have the page of the chosen technique as long as it has a result, and no other's."""
        title, kind = (result_page_of(state.technique) if state.findings else None) or ("", None)
        if kind is (None if self._result_page is None else type(self._result_page)):
            return
        if self._result_page is not None:
            self._remove(self._result_page)
        self._result_page = None if kind is None else kind()
        if self._result_page is not None:
            self._connect_result_page(self._result_page)
            # Beside Run, which it belongs to.
            self._pages.insertTab(1, scrolled(self._result_page), title)

    def _offer_simulate_page(self, state: RunState) -> None:
        """Have the sliders of the chosen technique's simulator, if it has such."""
        kind = simulate_page_of(state.technique)
        if kind is (None if self._simulate_page is None else type(self._simulate_page)):
            return
        if self._simulate_page is not None:
            self._remove(self._simulate_page)
        self._simulate_page = None if kind is None else kind()
        if (page := self._simulate_page) is not None:
            page.value_changed.connect(self._simulation.set_value)
            page.open_pressed.connect(self._simulation.open_layer)
            page.reset_pressed.connect(self._simulation.reset)
            page.reseed_pressed.connect(self._simulation.reseed)
            page.show_state(self._simulation.state)
            self._pages.addTab(scrolled(page), "Simulate")

    def _on_simulation_changed(self, state: SimulationState) -> None:
        if self._simulate_page is not None:
            self._simulate_page.show_state(state)

    def _on_codebook_changed(self, state: CodebookState) -> None:
        """Have the page of the codebook as long as few levels compute."""
        if not state.offered:
            if self._codebook_page is not None:
                self._remove(self._codebook_page)
                self._codebook_page = None
            return
        if self._codebook_page is None:
            page = self._codebook_page = CodebookPage()
            self._connect_codebook_page(page)
            page.show_theme(self._viewer.theme)
            self._pages.addTab(scrolled(page), "Codebook")
        self._codebook_page.show_state(state)

    def _connect_codebook_page(self, page: CodebookPage) -> None:
        editor = self._session.codebook
        page.load_wanted.connect(editor.open)
        page.watched.connect(editor.watch)
        page.layer_chosen.connect(editor.choose_layer)
        page.row_chosen.connect(editor.choose_row)
        page.moved.connect(editor.move)
        page.settled.connect(editor.settle)
        page.reset_pressed.connect(editor.reset)
        page.undo_pressed.connect(editor.undo)
        page.follow_toggled.connect(editor.follow)
        page.save_pressed.connect(self._on_save_codebook)

    def _on_save_codebook(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self,
            "Save the codebook",
            f"{self._runs.state.model}-edited.safetensors",
            "Codebook (*.safetensors)",
        )
        if path:
            self._session.codebook.save(path)

    def show_codebook(self) -> None:
        """Turn to the page of the codebook, if few levels compute."""
        self._turn_to(self._codebook_page)

    def _connect_result_page(self, page: ResultPage) -> None:
        page.threshold_moved.connect(self._runs.set_threshold)
        page.decided.connect(self._runs.set_live)
        page.frame_chosen.connect(self._runs.go_to_frame)
        page.save_pressed.connect(self._on_save)
        page.attend(self._session)
        page.show_theme(self._viewer.theme)

    def _on_theme(self, event: Any = None) -> None:
        for page in (self.run_page, self._result_page, self._codebook_page):
            if page is not None:
                page.show_theme(self._viewer.theme)

    def _on_copy_python(self) -> None:
        self._copy(self._runs.python_text(), COPIED_PYTHON)

    def _on_copy_command(self) -> None:
        self._copy(self._runs.command_text(), COPIED_COMMAND)

    def _copy(self, text: str, note: str) -> None:
        clipboard = QApplication.clipboard()
        assert clipboard is not None
        clipboard.setText(text)
        self._runs.tell(note)

    def _on_save(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Save results in a new folder inside")
        if folder:
            self._runs.save(folder)


def _disconnect(runs: weakref.ref[Any], slot: weakref.WeakMethod[Any], *_: Any) -> None:
    controller, method = runs(), slot()
    if controller is not None and method is not None:
        controller.changed.disconnect(method, missing_ok=True)
