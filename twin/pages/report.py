"""``twin report``: a stored run or study as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from twin import files
from twin.errors import NotFoundError
from twin.pages.html import render
from twin.runs.record import open_store
from twin.runs.result import RunResult

if TYPE_CHECKING:
    from twin.store import Store


def report_html(ref: str, *, store: str | Store | None = None) -> str:
    """Return the page of a run or a study: the text of an HTML file that needs nothing else.

    Parameters
    ----------
    ref : str
        A run's id, a unique beginning of it or ``"last"``; or a study's id.
    store : str or Store, optional
        The database it is in.

    Raises
    ------
    NotFoundError
        If there is neither.
    InputError
        If the study has not come to its end.
    TwinError
        If the cell or the protocol can no longer be read.
    """
    from twin.pages.run import run_sheet
    from twin.pages.studies import study_sheet

    opened = open_store(store)
    try:
        run = opened.run(ref).id
    except NotFoundError as no_run:
        try:
            sheet = study_sheet(opened, opened.study(ref).id)
        except NotFoundError:
            raise no_run from None
        return render(sheet)
    return render(run_sheet(RunResult(opened, run)))


def write_report(
    ref: str, out: str | Path | None = None, *, store: str | Store | None = None
) -> Path:
    """Write the page of a run or a study, and return where.

    Parameters
    ----------
    ref : str
        A run or a study, as in :func:`report_html`.
    out : str or Path, optional
        The file, or a folder for ``ID.html``; ``ID.html`` here by default.
    store : str or Store, optional
        The database it is in.

    Raises
    ------
    TwinError
        As :func:`report_html`, or if it cannot be written there.
    """
    path = Path(out).expanduser() if out is not None else Path()
    if not path.is_dir():
        files.check_target(path, key="out")
    opened = open_store(store)
    text = report_html(ref, store=opened)
    if path.is_dir():
        path = path / f"{_id(opened, ref)}.html"
    files.write_text(path, text, key="out")
    return path


def _id(store: Store, ref: str) -> str:
    try:
        return store.run(ref).id
    except NotFoundError:
        return store.study(ref).id
