"""`Page` and `PageWidget`: what the panel knows of a page, and how a widget is tied to its controller."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from psygnal import SignalInstance
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_sciml.app.session import Session


class Controller(Protocol):
    """What a page is tied to: a state, and word of every new one."""

    @property
    def state(self) -> object:
        """The state now, a frozen snapshot."""
        ...

    @property
    def changed(self) -> SignalInstance:
        """Emits the new state."""
        ...


class Following:
    """Draws the state of a controller now and whenever it changes, until it is over.

    Parameters
    ----------
    widget
        Keeps this object; it is over when Qt deletes the widget.
    controller
        Whose state is drawn.
    draw
        A method of the widget.
    """

    def __init__(self, widget: QWidget, controller: Controller, draw: Callable[[Any], None]) -> None:
        self._controller = weakref.ref(controller)
        self._draw = weakref.WeakMethod(draw)
        self._over = False
        controller.changed.connect(self._on_changed)
        # Qt may delete the inside of a widget while Python still holds the shell.
        widget.destroyed.connect(partial(_stop, weakref.ref(self)))
        draw(controller.state)

    def stop(self) -> None:
        """Draw nothing more, not even what is being told at this moment."""
        self._over = True
        if (controller := self._controller()) is not None:
            controller.changed.disconnect(self._on_changed, missing_ok=True)

    def _on_changed(self, state: object) -> None:
        draw = self._draw()
        if draw is not None and not self._over:
            draw(state)


class PageWidget(QWidget):
    """Draws the state of a controller and emits requests. Drawing never emits."""

    def __init__(self) -> None:
        super().__init__()
        self._followings: list[Following] = []

    def attend(self, session: Session) -> None:
        """Tie the widget to its controllers in `session`, and draw their states."""
        raise NotImplementedError

    def follow(self, controller: Controller, draw: Callable[[Any], None]) -> None:
        """Draw the state of `controller` by this method, now and whenever it changes."""
        self._followings.append(Following(self, controller, draw))

    def leave(self) -> None:
        """Draw nothing more."""
        for following in self._followings:
            following.stop()

    def show_theme(self, theme: str) -> None:
        """Follow napari's theme where its style sheet does not reach."""


@dataclass(frozen=True)
class Offer:
    """A tab of the panel: the words on it, and what makes the widget below it."""

    title: str
    widget: Callable[[], PageWidget]


@dataclass(frozen=True)
class Page:
    """One page of the panel. It knows no other page, and the panel knows no more of it than this.

    Attributes
    ----------
    name
        By which the panel turns to it.
    controller
        Finds what decides whether it is offered.
    offer
        What there is to see now; None if the page makes no sense now.
    """

    name: str
    controller: Callable[[Session], Controller]
    offer: Callable[[Session], Offer | None]


def save_result(widget: QWidget, session: Session) -> None:
    """Ask for a folder and save the result into a new one inside it."""
    folder = QFileDialog.getExistingDirectory(widget, "Save results in a new folder inside")
    if folder:
        session.runs.save(folder)


def _stop(following: weakref.ref[Following], *_: object) -> None:
    if (held := following()) is not None:
        held.stop()
