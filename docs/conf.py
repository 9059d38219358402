"""How the documentation is built: `make docs`. Nothing is fetched, neither while building nor while reading."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_extensions")]

from meio import __version__  # noqa: E402 - the checkout beside this file, not an installed one

project, author, copyright = "meio", "the meio contributors", "the meio contributors"  # noqa: A001 - Sphinx's name
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc", "gallery", "mathml"]
source_suffix = {".md": "markdown", ".py": "gallery"}
exclude_patterns = ["conf.py", "_extensions", "answers/*.yaml"]
default_role = "literal"

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # numpydoc's tables say it
numpydoc_show_class_members = False

html_theme = "pydata_sphinx_theme"
html_title = "meio"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["docs.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "navigation_with_keys": False,
    "navbar_center": [],
    "footer_start": [],
    "footer_end": [],
}
html_sidebars = {"**": ["globaltoc.html"]}
