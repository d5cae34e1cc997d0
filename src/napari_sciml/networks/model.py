"""`Model` and `Variant`: a network's spec and its sets of weights. Loading torch waits for `build`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.architectures import new_module
from napari_sciml.networks.card import ModelCard
from napari_sciml.networks.codebook.spec import CodebookSpec
from napari_sciml.networks.normalise.pixels import FloatArray
from napari_sciml.networks.normalise.rules import NORMALISATIONS, Normalisation

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Variant:
    """One set of weights of a model.

    Attributes
    ----------
    kind
        ``float32``, ``codebook`` or ``int8``.
    file
        The weights.
    sha256
        Hash that the file must have.
    parent
        Hash of the weights it was made from, or an empty string.
    spec
        Levels, method and scope, for ``codebook``.
    """

    kind: str
    file: Path
    sha256: str
    parent: str = ""
    spec: CodebookSpec | None = None

    @property
    def size_bytes(self) -> int:
        """Size of the file."""
        return self.file.stat().st_size

    def read(self) -> bytes:
        """Read the file and check its hash.

        Raises
        ------
        SciMLError
            If the file is missing, unreadable or not the one the card speaks of.
        """
        try:
            content = self.file.read_bytes()
        except OSError as error:
            raise SciMLError(
                f"The weights {self.file} could not be read ({error.strerror or error})",
                "install the model again",
            ) from error
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise SciMLError(
                f"The weights {self.file} are not the ones their card describes",
                "the file is damaged or was replaced; install or train the model again",
            )
        return content


@dataclass(frozen=True)
class Model:
    """What a network is and where its weights lie.

    Attributes
    ----------
    name, technique, architecture, licence
        As in the card.
    classes
        Names of the classes, in the order of the columns of every answer.
    input
        Rows and columns of an image that it labels, or None for a field of any size.
    normalisation
        Tag of the rule for pixel values.
    parameters
        Number of weights without the head, which is how the paper counts them.
    folder
        Where card and weights lie.
    variants
        The sets of weights.
    card
        The whole model card as plain data.
    """

    name: str
    technique: str
    architecture: str
    classes: tuple[str, ...]
    input: tuple[int, int] | None
    normalisation: str
    parameters: int
    licence: str
    folder: Path
    variants: tuple[Variant, ...]
    card: dict[str, Any] = field(compare=False, repr=False)

    @classmethod
    def from_card(cls, card: ModelCard, folder: Path) -> Model:
        """Make the spec that `card` describes."""
        return cls(
            name=card.name,
            technique=card.technique,
            architecture=card.architecture,
            classes=card.classes,
            input=card.input,
            normalisation=card.normalisation,
            parameters=card.parameters,
            licence=card.licence,
            folder=folder,
            variants=tuple(
                Variant(
                    record.backend or name,
                    folder / record.file,
                    record.sha256,
                    record.parent,
                    record.codebook,
                )
                for name, record in card.variants.items()
            ),
            card=card.model_dump(mode="json"),
        )

    @property
    def rule(self) -> Normalisation:
        """The rule for pixel values."""
        return NORMALISATIONS[self.normalisation]

    @property
    def dense(self) -> bool:
        """Whether it can label a whole field in one pass."""
        return self.input is None

    def normalise(self, images: npt.NDArray[Any]) -> FloatArray:
        """Bring raw images ``(n, h, w)`` into the range the network was trained on, each by itself.

        Raises
        ------
        SciMLError
            For NaN, infinity or pixels that are not real numbers.
        """
        return self.rule.apply(images)

    def variant(self, kind: str, spec: CodebookSpec | None = None) -> Variant:
        """Return the set of weights of this kind; of several codebooks the one made as `spec` says.

        Raises
        ------
        SciMLError
            If the model has none; the message says which exist.
        """
        for candidate in self.variants:
            if candidate.kind == kind and spec in (None, candidate.spec):
                return candidate
        existing = ", ".join(dict.fromkeys(candidate.kind for candidate in self.variants)) or "nothing"
        which = kind if spec is None else spec.key
        raise SciMLError(
            f"The model {self.name} has no {which} variant yet", f"choose what it has: {existing}"
        )

    def attachment(self, name: str) -> Path:
        """Return where a further file of the model lies, such as ``training.csv``, if it has one."""
        files: dict[str, str] = self.card.get("attachments", {})
        return self.folder / files.get(name, name)

    def calibration_images(self) -> FloatArray:
        """Return some of the training images ``(n, h, w)``, normalised, as the network sees them.

        Raises
        ------
        SciMLError
            If none were kept, or their file is damaged.
        """
        from safetensors.numpy import load

        record = self.card.get("calibration")
        if record is None:
            raise SciMLError(
                f"The model {self.name} has no calibration data: none of its training images were kept",
                f"make them with: napari-sciml quantize {self.name} --out DIR",
            )
        stored = Variant("calibration", self.folder / record["file"], record["sha256"])
        images: FloatArray = load(stored.read())["images"].astype("float32")
        return images

    def build(self, kind: str = "float32") -> nn.Module:
        """Return the torch module with its weights, in evaluation mode.

        Raises
        ------
        SciMLError
            If the weights are missing, damaged or belong to another network.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load

        variant = self.variant(kind)
        module = new_module(self.architecture)
        try:
            module.load_state_dict(load(variant.read()))
        except (SafetensorError, RuntimeError) as error:
            raise SciMLError(
                f"The weights {variant.file} do not fit the network {self.architecture}",
                "install or train the model again",
            ) from error
        return module.eval()
