"""What is shipped, what it pulls in, and that the commands of the README exist."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
FORBIDDEN = re.compile(r"nvidia-.*|cuda-.*|triton|torchvision|torchaudio|astra-toolbox")
QT = re.compile(r"pyqt.*|pyside.*|napari")
MEGABYTE = 1_000_000


def info_folder(wheel: zipfile.ZipFile) -> str:
    """The folder in a wheel that says what it is; its version is that of the commit."""
    (folder,) = {top for name in wheel.namelist() if (top := name.split("/")[0]).endswith(".dist-info")}
    Version(folder.removeprefix("napari_sciml-").removesuffix(".dist-info"))
    return folder


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    built = subprocess.run(
        [*command, "--no-index", "--wheel-dir", str(folder), str(ROOT)], capture_output=True, text=True
    )
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("*.whl")
    assert path.stat().st_size < 25 * MEGABYTE
    return zipfile.ZipFile(path)


def test_the_wheel_holds_manifest_weights_and_samples(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    assert "napari_sciml/napari.yaml" in names
    assert not [name for name in names if "reproduce" in name], "what only makes the paper's tables stays out"
    assert "napari_sciml/samples/cmc_phantom.tif" in names
    for model in ("microct-fiber", "microct-fiber-dense"):
        assert f"napari_sciml/weights/{model}/card.json" in names
        assert f"napari_sciml/weights/{model}/float32.safetensors" in names


def test_the_wheel_holds_every_source_file_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert tops == {"napari_sciml", info_folder(wheel)}
    assert "napari_sciml/py.typed" in wheel.namelist()
    sources = {str(path.relative_to(ROOT / "src")) for path in (ROOT / "src").rglob("*.py")}
    assert sources <= set(wheel.namelist())


def test_the_wheel_tells_napari_and_the_hub_what_it_is(wheel: zipfile.ZipFile) -> None:
    info = info_folder(wheel)
    about = wheel.read(f"{info}/METADATA").decode()
    assert "Classifier: Framework :: napari" in about
    assert "License-Expression: BSD-3-Clause" in about
    assert "Requires-Python: >=3.11" in about
    assert f"{info}/licenses/LICENSE" in wheel.namelist()
    entries = wheel.read(f"{info}/entry_points.txt").decode()
    assert "[napari.manifest]\nnapari-sciml = napari_sciml:napari.yaml" in entries


def test_the_manifest_at_the_root_is_a_link_into_the_package() -> None:
    link = ROOT / "napari.yaml"
    assert link.is_symlink()
    assert link.resolve() == (ROOT / "src/napari_sciml/napari.yaml").resolve()


def test_no_qt_comes_without_the_extra() -> None:
    base = [r for r in requirements("napari-sciml") if r.marker is None]
    extras = [r for r in requirements("napari-sciml") if r.marker is not None]
    assert not [r.name for r in base if QT.fullmatch(canonicalize_name(r.name))]
    assert [r.name for r in extras if canonicalize_name(r.name) == "napari" and r.extras == {"pyqt6"}]


def test_the_constraints_pin_exactly_and_bring_no_cuda() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    assert {str(r.specifier) for r in pins if r.name == "torch"} == {"==2.13.0"}
    assert not [r.name for r in pins if not str(r.specifier).startswith("==")]
    assert not [r.name for r in pins if FORBIDDEN.fullmatch(r.name)]


def test_the_constraints_pin_every_direct_requirement() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.split("==")[0] for line in lines if "==" in line}
    direct = {canonicalize_name(r.name) for r in requirements("napari-sciml")} - {"napari-sciml"}
    assert direct <= pinned


def test_the_pinned_versions_run_on_the_python_of_debian_12() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {canonicalize_name(line.split("==")[0]) for line in lines if "==" in line}
    too_new = {
        name
        for distribution in metadata.distributions()
        if (name := canonicalize_name(distribution.name)) in pinned
        if "3.11.2" not in SpecifierSet(distribution.metadata.get("Requires-Python") or "")
    }
    assert too_new == set()


def test_nothing_that_is_installed_asks_for_cuda_except_torch() -> None:
    askers = {
        distribution.name
        for distribution in metadata.distributions()
        if any(FORBIDDEN.fullmatch(canonicalize_name(r.name)) for r in unconditional(distribution.name))
    }
    assert askers <= {"torch"}


def test_a_cpu_build_of_torch_comes_without_cuda() -> None:
    import torch

    if torch.version.cuda is not None:
        pytest.skip("this torch is a CUDA build, chosen by whoever installed it")
    installed = {canonicalize_name(distribution.name) for distribution in metadata.distributions()}
    assert not {name for name in installed if FORBIDDEN.fullmatch(name)}


def test_every_make_command_in_readme_and_docs_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    texts = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs").glob("[a-z]*/*.md")]
    named = {
        name
        for text in texts
        for name in re.findall(r"(?:\$ |`)make ([a-z]+)", text.read_text(encoding="utf-8"))
    }
    assert {"demo", "test"} <= named
    assert named <= targets


def test_continuous_integration_runs_make_test() -> None:
    script = ROOT / ".ci/run"
    assert script.stat().st_mode & 0o111
    assert "exec make test" in script.read_text(encoding="utf-8")


def test_no_file_names_a_package_registry() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("this is not a git checkout")
    hosts = re.compile(rb"pypi\.org|pythonhosted\.org|download\.pytorch\.org|--(extra-)?index-url")
    named = [
        name
        for name in listed.stdout.split("\0")
        if name and (ROOT / name).is_file() and name != "tests/test_packaging.py"
        if hosts.search((ROOT / name).read_bytes())
    ]
    assert named == []


def requirements(name: str) -> list[Requirement]:
    """What a distribution asks for, with and without extras."""
    return [Requirement(line) for line in metadata.requires(name) or []]


def unconditional(name: str) -> list[Requirement]:
    """What a distribution asks for here when no extra is wanted."""
    return [r for r in requirements(name) if r.marker is None or r.marker.evaluate({"extra": ""})]
