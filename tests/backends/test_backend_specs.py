"""What the specs of the backends say, and what becomes of one that cannot run here."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

import napari_sciml as sciml
from napari_sciml.app.base.backend_choices import use_text
from napari_sciml.backends import BackendSpec, backend_of, backend_specs, check_backend
from napari_sciml.backends.builtin import Options
from napari_sciml.backends.registry import BACKENDS
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.settings import RunSettings

RUNTIME = ("runtime",)
LEVELS = ("levels", "data_levels", "method", "scope", "targets", "codebook")


@pytest.mark.parametrize(
    ("name", "options"), [("float32", RUNTIME), ("codebook", (*RUNTIME, *LEVELS)), ("int8", RUNTIME)]
)
def test_a_backend_is_told_its_own_settings_only(name, options):
    spec = backend_of(name)
    assert spec.option_names == options
    told = spec.options_of(RunSettings(levels=4, runtime="torch", backend=name))
    assert told.backend == name
    assert told.runtime == "torch"
    assert getattr(told, "levels", None) == (4 if name == "codebook" else None)


def test_the_flat_settings_are_all_that_any_backend_takes():
    known = {name for spec in backend_specs() for name in spec.option_names}
    assert known | {"backend", "model", "threshold"} == set(RunSettings.model_fields)


def test_the_name_says_which_branch_of_the_options_it_is():
    parse = TypeAdapter(Options).validate_python
    for spec in backend_specs():
        assert type(parse({"backend": spec.name})) is spec.options
    with pytest.raises(ValidationError, match="levels"):
        parse({"backend": "int8", "levels": 4})


@pytest.fixture
def asleep():
    spec = BackendSpec(
        name="asleep", title="asleep", predictor="not_here:at_all", missing=lambda: "wake it up first"
    )
    with BACKENDS.register(spec):
        yield


def test_one_that_cannot_run_here_says_so_before_any_work(asleep, random_dense_model):
    sentence = "The backend asleep cannot run here: wake it up first."
    settings = {"backend": "asleep", "model": str(random_dense_model.folder)}
    with pytest.raises(SciMLError, match=sentence):
        check_backend(random_dense_model, RunSettings(**settings))
    with pytest.raises(SciMLError, match=sentence):
        sciml.run("microct", np.eye(40), **settings)
    assert use_text(str(random_dense_model.folder), {"backend": "asleep"}) == sentence


def test_it_is_gone_with_its_block():
    with pytest.raises(SciMLError, match="backend='asleep' is not valid: use one of float32, codebook, int8"):
        sciml.run("microct", np.eye(40), backend="asleep")
