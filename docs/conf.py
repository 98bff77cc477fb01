"""How Sphinx makes the site of the pages that scripts/site has brought together."""

import re

import latex2mathml.converter
from docutils import nodes

import spinnprop

project = "spinnprop"
author = "The spinnprop authors"
project_copyright = f"2026, {author}"
release = version = spinnprop.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_nb",
    "sphinx_copybutton",
]
templates_path = ["_templates"]
exclude_patterns = ["jupyter_execute", "**.ipynb_checkpoints"]
html_theme = "pydata_sphinx_theme"
html_title = "spinnprop"
html_theme_options = {"show_toc_level": 2, "navigation_with_keys": False, "header_links_before_dropdown": 7}
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/favicon.svg"
html_show_sourcelink = False

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
# Notebooks show what they have stored; a test holds that against what running them gives.
nb_execution_mode = "off"

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
# Outputs below examples are not what one would copy.
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True
highlight_language = "text"


def visit_math(translator, node, display="inline"):
    """Equations as MathML, which browsers show without anything from elsewhere."""
    translator.body.append(latex2mathml.converter.convert(node.astext(), display=display))
    raise nodes.SkipNode


def visit_equation(translator, node):
    translator.body.append('<div class="equation">')
    try:
        visit_math(translator, node, "block")
    finally:
        translator.body.append("</div>")


def skip_member(app, what, name, member, skip, options):
    """Leaves out what classes have from scikit-learn and PyTorch: their documentation is their own."""
    return True if (getattr(member, "__module__", None) or "").startswith(("sklearn.", "torch.")) else None


def escape_names(app, what, name, member, options, lines):
    """Names that end with an underscore are no links, as reStructuredText takes them to be."""
    for n, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            parts = re.split(r"(`+[^`]*`+_*)", line)
            lines[n] = "".join(part if part.startswith("`") else re.sub(r"(?<=\w)_(?!\w)", r"\\_", part) for part in parts)


def setup(app):
    app.connect("autodoc-skip-member", skip_member)
    # After numpydoc, which writes the lines.
    app.connect("autodoc-process-docstring", escape_names, priority=900)
    app.add_html_math_renderer("mathml", inline_renderers=(visit_math, None), block_renderers=(visit_equation, None))


html_math_renderer = "mathml"
