"""Execute the notebooks of this folder in place, so that their outputs are those of this version.

Needs Jupyter's own parts: ``pip install -e '.[notebooks]'``. What a library says on stderr is left
out: it names the machine::

    .venv/bin/python examples/notebooks/execute.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

HERE = Path(__file__).parent


def execute(path: Path) -> None:
    """Run a notebook from its first cell to its last, and write it back with what came out."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        where = {"metadata": {"path": folder}}
        NotebookClient(notebook, timeout=600, kernel_name="python3", resources=where).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]
    notebook.metadata.pop("language_info", None)
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for notebook in sorted(HERE.glob("*.ipynb")):
        print(notebook.name)
        execute(notebook)
