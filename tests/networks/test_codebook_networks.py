"""Low-bit networks: sizes, files, data and padding."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.settings import RunSettings
from napari_sciml.networks.codebook.constrained import Coded, constrain, data_codebook, targets_of
from napari_sciml.networks.codebook.file import from_bytes, read, to_bytes, write
from napari_sciml.networks.codebook.fold import fold
from napari_sciml.networks.codebook.kmeans import quantised
from napari_sciml.networks.codebook.module import (
    constrained_module,
    data_tables,
    folded_module,
    loaded,
    quantise,
    weights_of,
)
from napari_sciml.networks.codebook.packing import pack, unpack
from napari_sciml.networks.codebook.spec import CodebookSpec, bits_for
from napari_sciml.networks.paper.table_vii import TableVII
from napari_sciml.networks.registry import get_model, model_names

RNG = np.random.default_rng(0)


def spec(levels: int, **others: object) -> CodebookSpec:
    return CodebookSpec(levels=levels, **{"data_levels": None, "method": "constrain", **others})


def small_weights() -> dict[str, np.ndarray]:
    shapes = {"conv.weight": (6, 1, 3, 3), "conv.bias": (6,), "head.weight": (2, 54), "head.bias": (2,)}
    return {name: RNG.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.mark.parametrize(
    ("levels", "bits"), [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (8, 3), (9, 4), (16, 4)]
)
def test_indices_take_as_few_bits_as_they_can(levels: int, bits: int) -> None:
    assert bits_for(levels) == bits
    indices = RNG.integers(levels, size=101).astype(np.uint8)
    packed = pack(indices, bits)
    assert packed.nbytes == -(-101 * bits // 8)
    np.testing.assert_array_equal(unpack(packed, bits, 101), indices)


@pytest.mark.parametrize(
    ("levels", "size"), [(2, 71_464), (3, 142_924), (4, 142_928), (8, 214_400), (16, 285_888)]
)
def test_table_vii_has_the_sizes_that_follow_from_its_count(levels: int, size: int) -> None:
    """``ceil(n b / 8) + 4 K`` for the 571,648 numbers that the paper counts, one codebook."""
    weights = {name: tensor for name, tensor in weights_of(TableVII()).items() if not name.startswith("head")}
    assert sum(tensor.size for tensor in weights.values()) == 571_648
    found = constrain(weights, spec(levels, scope="global", targets="biases"), None)
    # Each tensor ends on a whole byte.
    assert 0 <= found.payload_bytes - size <= len(weights)


@pytest.mark.parametrize("scope", ["global", "layer", "channel"])
@pytest.mark.parametrize("targets", ["convolutions", "weights", "biases"])
def test_a_file_gives_back_every_bit(scope: str, targets: str, tmp_path: Path) -> None:
    weights = small_weights()
    made = constrain(
        weights, spec(3, scope=scope, targets=targets), data_codebook(weights["head.weight"], 4), parent="p"
    )
    write(tmp_path / "c.safetensors", made)
    again = read(tmp_path / "c.safetensors")
    assert (again.spec, again.parent) == (made.spec, "p")
    np.testing.assert_array_equal(again.data, made.data)
    for name, tensor in made.expand().items():
        np.testing.assert_array_equal(again.expand()[name], tensor)
    changed = {name for name in weights if not np.array_equal(weights[name], made.expand()[name])}
    assert changed <= set(targets_of(weights, targets))
    assert len(changed) >= 1
    overhead = len(to_bytes(made)) - made.payload_bytes - sum(t.nbytes for t in made.floats.values())
    assert overhead < 1500


def test_enough_levels_change_nothing() -> None:
    weights = {
        name: RNG.integers(-3, 4, shape).astype(np.float32)
        for name, shape in (("a", (4, 5)), ("b", (3, 2, 2)))
    }
    for scope in ("global", "layer", "channel"):
        made = constrain(weights, spec(7, scope=scope), None)
        for name, tensor in made.expand().items():
            np.testing.assert_array_equal(tensor, weights[name])
    assert "3 levels were asked" not in " ".join(made.notes)
    short = constrain({"a": np.array([[1.0, 2.0]], np.float32)}, spec(3), None)
    assert short.notes == ("3 levels were asked for, but some tensors have fewer different values: a (2)",)


def test_own_tables_are_at_least_as_near_as_shared_ones() -> None:
    weights = small_weights()
    weights["head.weight"] *= 5

    def error(scope: str) -> float:
        made = constrain(weights, spec(3, scope=scope), None).expand()
        return float(sum(((made[name] - weights[name]) ** 2).sum() for name in weights))

    assert error("channel") <= error("layer") <= error("global")


@pytest.mark.parametrize("name", model_names())
def test_folding_keeps_the_answers(name: str) -> None:
    model = get_model(name)
    size = model.input or (64, 64)
    images = torch.from_numpy(RNG.normal(size=(3, 1, *size)).astype(np.float32))
    with torch.inference_mode():
        np.testing.assert_allclose(folded_module(model)(images), model.build()(images), atol=2e-4, rtol=1e-4)
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in folded_module(model).modules())


def test_equal_weights_give_equal_logits() -> None:
    model = get_model("cryoem-orientation")
    made = constrain(weights_of(folded_module(model)), spec(1, scope="global", targets="biases"), None)
    images = torch.from_numpy(RNG.normal(size=(4, 1, 64, 64)).astype(np.float32))
    with torch.inference_mode():
        logits = constrained_module(model, made)(images)
    assert float((logits - logits[:, :1]).abs().max()) < 1e-4


def test_blank_data_give_one_answer() -> None:
    model = get_model("microct-fiber")
    images = RNG.normal(size=(5, 16, 16)).astype(np.float32)
    data = data_codebook(images, 1)
    made = constrain(weights_of(folded_module(model)), spec(8), data)
    blank = quantise(torch.from_numpy(images), *data_tables(data))[:, None]
    with torch.inference_mode():
        answers = constrained_module(model, made)(blank)
    assert float((answers - answers[:1]).abs().max()) == 0


@pytest.mark.parametrize("name", ["microct-fiber", "gisaxs-lattice"])
def test_the_padding_is_a_level_of_the_data_too(name: str) -> None:
    """As if the image had been padded first and quantised then; zero itself is no level."""
    model = get_model(name)
    assert model.input is not None
    images = RNG.normal(size=(2, *model.input)).astype(np.float32)
    data = np.array([-1.5, 0.4, 2.0], np.float32)
    network = folded_module(model)
    first = next(part for part in network.modules() if isinstance(part, torch.nn.Conv2d))
    seen: list[torch.Tensor] = []
    plain = torch.nn.functional.conv2d
    made = constrain(weights_of(network), spec(16), data)
    module = loaded(network, made, name)
    rows = int(first.padding[0])

    def spy(pixels: torch.Tensor, *others: object, **named: object) -> torch.Tensor:
        seen.append(pixels)
        return plain(pixels, *others, **named)

    torch.nn.functional.conv2d, kept = spy, torch.nn.functional.conv2d
    try:
        with torch.inference_mode():
            module(torch.from_numpy(quantised(images, data))[:, None])
    finally:
        torch.nn.functional.conv2d = kept
    wanted = quantised(np.pad(images, ((0, 0), (rows, rows), (rows, rows))), data)
    np.testing.assert_array_equal(seen[0][:, 0], wanted)
    # Channels that are no data keep their zeros.
    assert all(float(channel[:, 0].abs().max()) == 0 for channel in seen[0][:, 1:].unbind(1))


def test_the_last_level_is_reached_in_torch_as_in_numpy() -> None:
    data = np.array([-1, 0.5, 2], np.float32)
    pixels = np.array([-0.25, 1.25, 1.2499, np.float32(-0.2500001), 9, -9], np.float32)
    found = quantise(torch.from_numpy(pixels), *data_tables(data))
    np.testing.assert_array_equal(found, quantised(pixels, data))
    np.testing.assert_array_equal(found, [0.5, 2, 0.5, -1, 2, -1])


def test_long_tails_do_not_take_all_levels() -> None:
    values = np.concatenate([RNG.normal(size=5000), RNG.normal(size=100) * 100]).astype(np.float32)
    plain, scaled = (data_codebook(values, 8, rule) for rule in ("", "field-robust"))
    near = [int((np.abs(levels) < 3).sum()) for levels in (plain, scaled)]
    assert near[1] > near[0]
    assert CodebookSpec.of(RunSettings(), "field-robust").data_levels is None
    assert CodebookSpec.of(RunSettings(data_levels=4), "field-robust").data_levels == 4
    assert CodebookSpec.of(RunSettings(levels=2)).data_levels == 2


def test_one_tensor_alone_can_be_rounded() -> None:
    weights = small_weights()
    made = constrain(weights, spec(2), None, only="conv.weight")
    assert set(made.coded) == {"conv.weight"}
    np.testing.assert_array_equal(made.expand()["head.weight"], weights["head.weight"])


def test_what_is_no_codebook_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SciMLError, match="could not be read"):
        read(tmp_path / "none")
    (tmp_path / "bad").write_bytes(b"\x10\0\0\0\0\0\0\0 not a header")
    with pytest.raises(SciMLError, match="is not a codebook file"):
        read(tmp_path / "bad")
    made = to_bytes(constrain(small_weights(), spec(2), None))
    with pytest.raises(SciMLError, match="damaged"):
        from_bytes(made[:-5], "x")
    other = constrain({"x.weight": np.ones((2, 2), np.float32)}, spec(2), None)
    with pytest.raises(SciMLError, match="does not fit the network"):
        loaded(fold(TableVII()), other, "table-vii")
    with pytest.raises(SciMLError, match="no weights to replace"):
        constrain({"b": np.ones(3, np.float32)}, spec(2), None)


def test_rows_with_fewer_values_share_a_table_of_the_longest() -> None:
    tensor = np.array([[1, 1, 1], [1, 2, 3]], np.float32)
    found = constrain({"w": tensor}, spec(3, scope="channel"), None).coded["w"]
    assert isinstance(found, Coded)
    assert found.table.shape == (2, 3)
    np.testing.assert_array_equal(found.expand(), tensor)
