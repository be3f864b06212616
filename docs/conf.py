"""The documentation as pages: what lies in docs/, and a reference made of the C headers and of the Python package."""

import os

project = "Sluice"
author = "the Sluice developers"
copyright = author
release = os.environ["SLUICE_VERSION"]

extensions = ["breathe", "myst_parser", "sphinx.ext.autodoc"]
source_suffix = {".md": "markdown"}
root_doc = "index"
exclude_patterns = ["_build"]

breathe_projects = {"sluice": os.path.join(os.environ["SLUICE_DOCS"], "xml")}
breathe_default_project = "sluice"
breathe_domain_by_extension = {"h": "c", "hpp": "cpp"}

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": True, "undoc-members": True}

myst_heading_anchors = 3
html_theme = "alabaster"
html_theme_options = {"description": "the engine between instruments and everything downstream of them", "page_width": "1100px"}
html_show_sphinx = False
html_copy_source = False
