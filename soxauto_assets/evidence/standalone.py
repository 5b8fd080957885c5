"""The verifier as one file that an auditor reads and runs without the product.

Here belongs putting the verifier's modules together. What does not belong here: what they do.

The modules stand in the file one after the other, as they are in the product; only their imports are moved to the top and
their opening texts become comments. It needs Python and ``cryptography``.
"""

import ast
from pathlib import Path

# In the order in which they build on one another.
MODULES = ("form", "envelope", "times", "trust", "explain", "verify")
_HEAD = '''\
"""Verifier of sealed evidence packages: one file, Python 3.11 or newer and the package ``cryptography``.

    python verifier.py PACKAGE [PACKAGE ...] [--trust FILE] [--json] [--explain]

It reads the packages and writes nothing. Exit code 0: every package verified; 1: one did not; 2: nothing could be verified.
"""
'''
_RULE = "# " + "-" * 98


def standalone_verifier() -> str:
    """Return the text of the file."""
    imports: set[str] = set()
    parts = [_part(name, imports) for name in MODULES]
    plain = sorted(line for line in imports if line.startswith("import "))
    others = sorted(imports - set(plain), key=lambda line: ("cryptography" in line, line))
    return "\n".join([_HEAD, *plain, *others, *parts]) + "\n"


def _part(name: str, imports: set[str]) -> str:
    """Return a module's text without its imports, which are added to those of the file."""
    text = (Path(__file__).parent / f"{name}.py").read_text("utf-8")
    lines, tree = text.splitlines(), ast.parse(text)
    taken: set[int] = set()
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            taken.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
            imports.update(_imported(node))
    opening = tree.body[0]
    taken.update(range(opening.lineno, (opening.end_lineno or opening.lineno) + 1))
    said = (ast.get_docstring(tree) or "").splitlines()
    comment = [_RULE, f"# {name}", "#", *(f"# {line}".rstrip() for line in said), _RULE]
    body = "\n".join(line for number, line in enumerate(lines, 1) if number not in taken).strip("\n")
    return "\n".join(["", "", *comment, "", body])


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    """Return an import as lines of one name each; the verifier's own modules stand in the file."""
    if isinstance(node, ast.Import):
        return [f"import {alias.name}" for alias in node.names]
    if (node.module or "").startswith("soxauto_assets."):
        return []
    return [f"from {node.module} import {alias.name}" for alias in node.names]
