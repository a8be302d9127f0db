"""Sphinx configuration. Builds without network: ``sphinx-build -W -b html docs docs/_build/html``.

Made rather than written by hand: the page of the API (``_ext/reference.py``), the tables of the
benchmarks (``_ext/results.py``) and of their data (``_ext/data_sets.py``), the gallery, which runs
``examples/plot_*.py``, and the outputs of the notebooks, which are run too. `SKDISTILL_GALLERY` may
hold a pattern of the examples to run while one writes: ``SKDISTILL_GALLERY=plot_03``.
"""

import importlib.util
import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]  # the source beside these pages
# The kernels of the notebooks run the same source.
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
)

os.environ.setdefault("OMP_NUM_THREADS", "1")  # small fits: threads only wait for each other

import skdistill  # noqa: E402  (after the lines above)

project = "skdistill"
author = "skdistill developers"
copyright = "2026, skdistill developers"  # noqa: A001  (Sphinx's name)
version = release = skdistill.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "myst_nb",
    "data_sets",
    "mathml",
    "reference",
    "results",
]
if importlib.util.find_spec("sphinx_copybutton"):  # the pages are complete without it
    extensions.append("sphinx_copybutton")
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
templates_path = ["_templates"]
exclude_patterns = ["_build", "results", "examples", "generated/gallery/*.ipynb"]
# Roles that are written out (:class:, :term: ...) must find their target. Single backticks in
# docstrings are names of parameters as often as of objects, and link where they can.
nitpicky = True
nitpick_ignore_regex = [("py:obj", ".*")]
default_role = "py:obj"

autodoc_typehints = "none"  # the numpydoc sections say the types, with shapes
autosummary_generate = True
autosummary_imported_members = True
# Frontier and frontier are one file name on some systems.
autosummary_filename_map = {"skdistill.inspection.frontier": "skdistill.inspection.frontier-call"}
numpydoc_show_class_members = False  # the template of a class lists them
numpydoc_validation_checks: set[str] = set()  # tests/test_public.py checks what is ours to keep

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "generated/gallery",
    "filename_pattern": os.environ.get("SKDISTILL_GALLERY", "plot_"),
    "within_subsection_order": "FileNameSortKey",
    "doc_module": ("skdistill",),
    "backreferences_dir": "generated/backreferences",
    "capture_repr": ("_repr_html_", "__str__"),
    "download_all_examples": False,
    "show_signature": False,
    "plot_gallery": True,
    "remove_config_comments": True,
    "write_computation_times": False,
}

nb_execution_mode = "force"
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_output_stderr = "warn"  # a warning on a page is one of the build

html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_theme = "pydata_sphinx_theme"
html_title = f"skdistill {release}"
html_show_sourcelink = False
html_theme_options = {
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": False,
    "show_toc_level": 2,
}
# Pages of no section need no list of its pages: their text has the room.
ALONE = ("install", "quickstart", "decide", "glossary", "references", "develop")
html_sidebars = {page: [] for page in ALONE}
