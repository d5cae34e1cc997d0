"""How Sphinx builds the documentation. Nothing here needs a network."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "scripts"), str(HERE.parent)]

import generate

generate.write_all(HERE / "_generated")

project = "napari-sciml"
author = "The napari-sciml developers"
project_copyright = author
version = release = metadata.version("napari-sciml")

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
exclude_patterns = ["_build", "_generated/*.md"]
suppress_warnings: list[str] = []

myst_enable_extensions = ["colon_fence", "deflist", "smartquotes"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"
numpydoc_show_class_members = False

html_theme = "napari_sphinx_theme"
html_title = "napari-sciml"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_show_sourcelink = False
html_theme_options = {
    "navbar_end": [],
    "footer_start": [],
    "footer_end": [],
    "show_prev_next": True,
}

if not generate.screenshots_exist(HERE / "_generated"):
    # Without a display there are no screenshots; the text must build all the same.
    print("There are no screenshots in docs/_generated: the pages are built without them.")
    suppress_warnings.append("image.not_readable")
