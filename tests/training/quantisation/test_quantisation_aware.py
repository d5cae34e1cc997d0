"""Quantisation-aware training: what moves, what stays, and that it helps."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import drive
from napari_sciml.core.training_images import Examples
from napari_sciml.networks.codebook.constrained import Constrained, constrain, data_codebook
from napari_sciml.networks.codebook.file import from_bytes
from napari_sciml.networks.codebook.module import data_tables, loaded, quantise, weights_of
from napari_sciml.networks.codebook.spec import CodebookSpec
from napari_sciml.training.fit import FitSettings
from napari_sciml.training.quantisation.codebook import make_codebook
from napari_sciml.training.quantisation.distil import answers_of, map_loss, quantise_network
from napari_sciml.training.quantisation.quantisation_aware import UNIT, LowBitNetwork, lloyd_step
from napari_sciml.training.quantisation.sweep import BOTH, DATA, WEIGHTS, picture, sensitivity

RNG = np.random.default_rng(0)
QUICK = FitSettings(epochs=6, batch=32, learning_rate=5e-3, weight_decay=0.0, symmetric=False)


def spec(levels: int, method: str, scope: str = "layer", data: int | None = None) -> CodebookSpec:
    return CodebookSpec.model_validate(
        {"levels": levels, "data_levels": data, "method": method, "scope": scope}
    )


class Stripes(nn.Module):
    """Says whether stripes run across or along, from 8 x 8 px."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3)
        self.head = nn.Linear(8 * 36, 2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        answers: torch.Tensor = self.head(self.conv(images).relu().flatten(1))
        return answers


def stripes(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    waves = np.sin(np.arange(8)[None] * 1.6 + rng.uniform(0, 6, count)[:, None])
    labels = rng.integers(2, size=count)
    images = np.where(labels[:, None, None] == 1, waves[:, None, :], waves[:, :, None]) * np.ones((1, 8, 8))
    return (images + rng.normal(0, 1.2, images.shape)).astype(np.float32), labels


@pytest.fixture(scope="module")
def trained() -> nn.Module:
    torch.manual_seed(0)
    network = Stripes()
    images, labels = stripes(600, 1)
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    for _ in range(60):
        loss = nn.functional.cross_entropy(
            network(torch.from_numpy(images)[:, None]), torch.from_numpy(labels)
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return network.eval()


def distance(network: nn.Module, made: Constrained) -> float:
    """How far the probabilities are from those of the float32 network, on images that nobody learnt from."""
    images = torch.from_numpy(stripes(1000, 2)[0])
    module = loaded(copy.deepcopy(network), made, "stripes")
    return float((answers_of(module, images) - answers_of(network, images)).abs().mean())


@pytest.mark.parametrize("scope", ["global", "layer", "channel"])
@pytest.mark.parametrize("method", ["trained", "qat"])
def test_what_was_learned_has_its_levels_and_beats_quantisation_after_training(
    trained: nn.Module, method: str, scope: str, tmp_path: Path
) -> None:
    images, _ = stripes(600, 1)
    wanted = spec(2, method, scope)
    made = drive(
        quantise_network(
            copy.deepcopy(trained), wanted, None, Examples(images, "stripes"), 0, tmp_path, settings=QUICK
        )
    )
    for name, coded in made.coded.items():
        assert coded.table.shape[-1] == 2
        assert (np.diff(coded.table, axis=-1) >= 0).all()
        rows = made.expand()[name]
        assert len(np.unique(rows)) <= 2 * (1 if coded.table.ndim == 1 else len(coded.table))
    plain = constrain(weights_of(trained), spec(2, "constrain", scope), None)
    assert distance(trained, made) < distance(trained, plain)
    moved = [name for name in made.floats if not np.array_equal(made.floats[name], weights_of(trained)[name])]
    assert moved


@pytest.mark.parametrize("method", ["trained", "qat"])
@pytest.mark.parametrize("scope", ["global", "layer", "channel"])
def test_learning_begins_with_the_quantised_network(trained: nn.Module, method: str, scope: str) -> None:
    images, _ = stripes(50, 3)
    data = data_codebook(images, 4)
    student = LowBitNetwork(copy.deepcopy(trained), spec(3, method, scope, 4), data).eval()
    quantised = constrain(weights_of(trained), spec(3, "constrain", scope), data)
    for name, tensor in quantised.expand().items():
        np.testing.assert_allclose(student.constrained("").expand()[name], tensor, atol=1e-6)


def test_a_level_moves_by_the_gradients_of_its_weights(trained: nn.Module) -> None:
    student = LowBitNetwork(copy.deepcopy(trained), spec(2, "trained"), None)
    levels = student.levels()["head.weight"]
    gradient = torch.from_numpy(RNG.normal(size=tuple(levels.shape)).astype(np.float32))
    (levels * gradient).sum().backward()
    number = [names[0] for names in student.groups].index("head.weight")
    table, places = getattr(student, f"table{number}"), getattr(student, f"places{number}")
    wanted = [float(gradient.reshape(1, -1)[places == level].sum()) for level in (0, 1)]
    np.testing.assert_allclose(table.grad[0], wanted, rtol=1e-4)


def test_hidden_weights_get_the_gradient_straight_through(trained: nn.Module) -> None:
    student = LowBitNetwork(copy.deepcopy(trained), spec(2, "qat"), None).eval()
    levels = student.levels()["head.weight"]
    assert len(torch.unique(levels)) == 2
    levels.sum().backward()
    number = [names[0] for names in student.groups].index("head.weight")
    assert torch.equal(getattr(student, f"hidden{number}").grad, torch.ones(1, 576))


@pytest.mark.parametrize("scope", ["layer", "channel"])
def test_in_own_units_a_step_moves_small_and_large_weights_by_a_like_share(
    trained: nn.Module, scope: str
) -> None:
    network = copy.deepcopy(trained)
    with torch.no_grad():
        network.conv.weight *= 1000
    student = LowBitNetwork(network, spec(2, "qat", scope), None, own_units=True)
    before = {name: tensor.clone() for name, tensor in rows_behind(student).items()}
    with torch.no_grad():
        for number in range(len(student.groups)):
            getattr(student, f"hidden{number}").add_(1e-3)
    for name, rows in rows_behind(student).items():
        size = before[name].square().mean(1, keepdim=True).sqrt()
        torch.testing.assert_close(
            (rows - before[name]) / size, torch.full_like(rows, UNIT * 1e-3), rtol=1e-2, atol=1e-5
        )


class Forgetful(Stripes):
    """Drops most of what it knows while it learns."""

    def __init__(self) -> None:
        super().__init__()
        self.drop = nn.Dropout(0.9)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        answers: torch.Tensor = self.head(self.drop(self.conv(images).relu().flatten(1)))
        return answers


def test_with_a_live_teacher_nothing_is_dropped_out(trained: nn.Module, tmp_path: Path) -> None:
    network = Forgetful()
    network.load_state_dict(trained.state_dict())
    examples = Examples(stripes(600, 1)[0], "stripes")
    made = [
        drive(
            quantise_network(
                copy.deepcopy(taught),
                spec(8, "qat"),
                None,
                examples,
                0,
                tmp_path / str(n),
                settings=QUICK,
                live=True,
            )
        ).expand()
        for n, taught in enumerate((network, trained))
    ]
    for name, tensor in made[0].items():
        np.testing.assert_array_equal(tensor, made[1][name])


def rows_behind(student: LowBitNetwork) -> dict[str, torch.Tensor]:
    return {names[0]: student._hidden(number).detach() for number, names in enumerate(student.groups)}


def test_weights_of_nothing_have_no_size_to_be_counted_in(trained: nn.Module) -> None:
    network = copy.deepcopy(trained)
    torch.nn.init.zeros_(network.head.weight)
    student = LowBitNetwork(network, spec(2, "qat"), None, own_units=True)
    assert all(torch.isfinite(rows).all() for rows in rows_behind(student).values())
    assert torch.equal(student.levels()["head.weight"], torch.zeros(2, 288))


def test_a_live_teacher_answers_what_is_shown(trained: nn.Module, tmp_path: Path) -> None:
    """Shown mirrored about the diagonal, an image has the other label: who asks at once learns it."""
    images, _ = stripes(600, 1)

    def mirrored(batch: torch.Tensor) -> torch.Tensor:
        return batch.transpose(-1, -2)

    made = {
        live: drive(
            quantise_network(
                copy.deepcopy(trained),
                spec(4, "qat"),
                None,
                Examples(images, "stripes", mirrored),
                0,
                tmp_path / str(live),
                settings=QUICK,
                live=live,
            )
        )
        for live in (True, False)
    }
    assert distance(trained, made[True]) < 0.1
    assert distance(trained, made[False]) > 0.3


def test_a_step_of_lloyd_moves_levels_to_their_means() -> None:
    rows = torch.tensor([[0.0, 1.0, 9.0], [5.0, 5.0, 6.0]])
    table = torch.tensor([[0.0, 8.0], [-50.0, 5.0]])
    np.testing.assert_allclose(lloyd_step(rows, table), [[0.5, 9], [-50, 16 / 3]], rtol=1e-6)


def test_rare_classes_weigh_as_much_in_maps() -> None:
    wanted = torch.zeros(1, 2, 10, 10)
    wanted[:, 0] = 1
    wanted[:, :, 0, 0] = torch.tensor([0.0, 1.0])
    background = torch.tensor([9.0, -9.0])[None, :, None, None].expand(1, 2, 10, 10)
    # One element of a hundred is wrong, and is half of what counts.
    assert float(map_loss(background, wanted)) == pytest.approx(18 / 2, rel=0.02)


@pytest.fixture
def examples(random_patch_model) -> Examples:
    return Examples(RNG.normal(size=(60, 16, 16)).astype(np.float32), "noise")


@pytest.mark.slow
def test_a_variant_is_stored_beside_the_weights(random_patch_model, examples, tmp_path: Path) -> None:
    from napari_sciml.networks.registry import get_model

    quick = FitSettings(epochs=1, batch=16, learning_rate=1e-3, weight_decay=0.0, symmetric=False)
    for method in ("constrain", "trained", "qat"):
        wanted = spec(4, method, data=4)
        variant = drive(
            make_codebook(random_patch_model, wanted, examples, 0, tmp_path / method, settings=quick)
        )
        again = drive(
            make_codebook(random_patch_model, wanted, examples, 0, tmp_path / f"{method}2", settings=quick)
        )
        assert again.sha256 == variant.sha256
        model = get_model(random_patch_model.folder)
        stored = model.variant("codebook", wanted)
        assert stored.sha256 == variant.sha256
        assert stored.parent == model.variant("float32").sha256
        assert from_bytes(stored.read(), "x").spec == wanted
        record = model.card["variants"][wanted.key]
        assert record["metrics"][0]["n"] == 12
        assert stored.size_bytes < model.variant("float32").size_bytes / 12
    assert [v.kind for v in model.variants] == ["float32", "codebook", "codebook", "codebook"]


def test_levels_of_the_data_come_from_images_that_are_learnt_from(
    random_patch_model, examples, tmp_path: Path
) -> None:
    from napari_sciml.networks.registry import get_model

    wanted = spec(4, "constrain", data=3)
    drive(make_codebook(random_patch_model, wanted, examples, 0, tmp_path))
    first = from_bytes(get_model(random_patch_model.folder).variant("codebook", wanted).read(), "x").data
    changed = Examples(np.concatenate([examples.images[:12] * 100, examples.images[12:]]), "noise")
    drive(make_codebook(random_patch_model, wanted, changed, 0, tmp_path))
    second = from_bytes(get_model(random_patch_model.folder).variant("codebook", wanted).read(), "x").data
    np.testing.assert_array_equal(first, second)


def test_exact_weights_can_learn_from_quantised_data(trained: nn.Module, tmp_path: Path) -> None:
    images, _ = stripes(600, 1)
    data = data_codebook(images, 2)
    for scope in ("layer", "global"):
        wanted = spec(2, "data", scope, 2)
        made = drive(
            quantise_network(
                copy.deepcopy(trained),
                wanted,
                data,
                Examples(images, ""),
                0,
                tmp_path / scope,
                settings=QUICK,
            )
        )
        assert made.coded == {}
        assert made.payload_bytes == 0
        untaught = constrain(weights_of(trained), wanted, data)
        assert quantised_distance(trained, made) < quantised_distance(trained, untaught)


def quantised_distance(network: nn.Module, made: Constrained) -> float:
    images = torch.from_numpy(stripes(1000, 2)[0])
    module = loaded(copy.deepcopy(network), made, "stripes")
    assert made.data is not None
    said = answers_of(module, quantise(images, *data_tables(made.data)))
    return float((said - answers_of(network, images)).abs().mean())


def test_too_few_examples(random_patch_model, tmp_path: Path) -> None:
    few = Examples(np.zeros((3, 16, 16), np.float32), "none")
    with pytest.raises(SciMLError, match="3 examples are too few"):
        drive(make_codebook(random_patch_model, spec(2, "qat", data=2), few, 0, tmp_path))


@pytest.mark.slow
def test_sensitivity_of_every_part(random_patch_model, examples, tmp_path: Path) -> None:
    images = examples.images
    table = drive(sensitivity(random_patch_model, images[:20], images[20:], (1, 2, 16)))
    parts = list(dict.fromkeys(table["part"]))
    assert parts[:3] == [BOTH, WEIGHTS, DATA]
    assert "head.weight" in parts
    assert len(table) == 3 * len(parts)
    cell = table.set_index(["part", "levels"])
    # A blank image has one label; many levels change next to nothing.
    assert cell.loc[(DATA, 1), "balanced"] == pytest.approx(1 / cell.loc[(DATA, 1), "labels"])
    assert cell.loc[(WEIGHTS, 16), "difference"] < cell.loc[(WEIGHTS, 2), "difference"]
    assert cell.loc[("head.weight", 16), "agreement"] > 0.9
    picture(table, tmp_path / "s.png")
    assert (tmp_path / "s.png").stat().st_size > 5_000


def test_tables_stay_once_the_weights_settle(trained: nn.Module) -> None:
    student = LowBitNetwork(copy.deepcopy(trained), spec(2, "qat"), None, follow=2).train()
    seen = []
    for _ in range(4):
        with torch.no_grad():
            student.hidden1 += torch.randn_like(student.hidden1)
        student.levels()
        seen.append(student.table1.clone())
    assert not torch.equal(seen[0], seen[1])
    assert torch.equal(seen[1], seen[2])
    assert torch.equal(seen[1], seen[3])
    student.eval().levels()
    assert torch.equal(student.table1, seen[3])
