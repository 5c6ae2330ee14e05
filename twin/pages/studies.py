"""The page of a study, and the studies of a run's own cell on the run's page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from twin.catalog.entries import flat, stored_cell
from twin.errors import InputError, TwinError
from twin.formats import percent, short
from twin.pages.blocks import Block, Code, Facts, Figure, Figures, Section, Sheet, Table, Text
from twin.pages.cell import (
    cell_section,
    citations_section,
    files_blocks,
    modes_section,
    protocol_section,
    sources_section,
)
from twin.pages.svg import inline
from twin.pages.weight import hangs_section
from twin.runs.record import mode_versions
from twin.specs.protocol import Protocol
from twin.studies.registry import load_study, study_kinds

if TYPE_CHECKING:
    from twin.runs.result import RunResult
    from twin.store import Store, StudyInfo
    from twin.studies.registry import StudyResult

BESIDE_A_RUN = ("attribute", "forecast")
"""The kinds of study that a run's page shows, where the store has one of its cell."""
_LOSSES = (
    ("capacity_Ah", "capacity / mAh", 1e3),
    ("resistance_Ohm_m2", "resistance / Ω cm²", 1e4),
    ("life_cycles", "life / cycles", 1.0),
)
_SCALARS = (str, int, float)
_UNTOLD = {"study", "cell", "wall_s", "residual"}


def studies_of(result: RunResult) -> Iterator[Section]:
    """Yield a section for the newest finished study of each kind of a run's very cell.

    It must be of the same numbers (spreads and sources aside), protocol and modes.
    """
    info, store = result.info, result.store
    own = _numbers(info.cell_spec or {})
    for kind in BESIDE_A_RUN:
        for listed in store.studies(kind=kind):
            if listed.cell_name != info.cell_name or listed.status != "completed":
                continue
            design = store.study(listed.id).design
            if (
                _numbers(design.get("cell", {})) == own
                and design.get("protocol") == info.protocol
                and set(design.get("modes", ())) == set(info.modes)
            ):
                yield _study_section(load_study(listed.id, store=store), kind)
                break


def _numbers(cell: Mapping[str, Any]) -> dict[str, str]:
    """Return a cell's content without what says how sure it is."""
    return {key: text for key, text in flat(cell).items() if not key.endswith(".spread")}


def study_sheet(store: Store, study: str) -> Sheet:
    """Return the page of a stored study.

    Raises
    ------
    NotFoundError
        If there is no such study, or nothing that reads its kind.
    InputError
        If it has not come to an end.
    """
    info = store.study(study)
    if info.status != "completed":
        raise InputError(
            f"study {info.id} has not come to its end ({info.status})",
            key="study",
            fix=f"go on with it: twin {info.kind} {info.cell_name} --study {info.id}",
        )
    result = load_study(study, store=store)
    design = dict(info.design)
    spec = stored_cell(design["cell"])
    protocol = Protocol.from_data(design["protocol"])
    modes = _modes(design)
    main = _study_section(result, info.kind)
    answer, tone = _answer(info.kind, result.to_dict())
    return Sheet(
        title=f"{info.cell_name}, {info.kind} {info.id}",
        question=_question(info, spec.title),
        answer=answer,
        tone=tone,
        facts=Facts([] if info.kind in BESIDE_A_RUN else _scalars(result.to_dict())),
        sections=[
            main,
            cell_section(spec),
            protocol_section(protocol, spec, int(design["cycles"])),
            hangs_section(None, spec),
            modes_section(modes, spec),
            Section(
                "redo",
                "Do it again",
                [
                    Facts(
                        [
                            ("study", info.id),
                            ("model", str(design.get("model"))),
                            ("tolerances", f"rtol {design.get('rtol')}, atol {design.get('atol')}"),
                            ("versions", _versions(store, info)),
                        ]
                    ),
                    Code(
                        f"twin {info.kind} {info.cell_name} --study {info.id}",
                        "With the database that it is stored in:",
                    ),
                    *files_blocks(spec, protocol),
                ],
            ),
            sources_section(spec),
            citations_section(spec, modes, str(design.get("model"))),
        ],
    )


def _modes(design: Mapping[str, Any]) -> dict[str, str]:
    from twin.modes.manager import plugin_manager

    known = plugin_manager().modes
    wanted = list(design.get("modes", ()))
    return mode_versions([known[mode] for mode in wanted if mode in known])


def _versions(store: Store, info: StudyInfo) -> str:
    """Return the versions that a member of the study was lived with."""
    members = store.runs(study=info.id, limit=1)
    versions = members[0].packages if members else {}
    return ", ".join(f"{name} {version}" for name, version in sorted(versions.items())) or "unknown"


def _question(info: StudyInfo, title: str) -> str:
    kind = study_kinds()[info.kind]
    return f"{title}: {kind.title}"


def _study_section(result: StudyResult, kind: str) -> Section:
    document = result.to_dict()
    tables = {"attribute": _attribution, "forecast": _forecast}.get(kind, lambda _: [])(document)
    blocks: list[Block] = [*tables]
    try:
        svg = inline(result.plot(), f"figure-{kind}", f"The {kind} of {document.get('cell', '')}")
    except TwinError as error:
        blocks.append(Text(f"It cannot be drawn: {error.problems[0].message}."))
    else:
        about = _CAPTIONS.get(kind, study_kinds()[kind].title)
        blocks.append(Figures([Figure(f"figure-{kind}", svg, f"{about}.", wide=True)]))
    return Section(kind, _TITLES.get(kind, kind.capitalize()), blocks)


_TITLES = {"attribute": "What each mode costs", "forecast": "How long such cells live"}
_CAPTIONS = {
    "attribute": "The losses split over the modes (Shapley values), and what two modes do together",
    "forecast": "What such cells die of by when, and the capacity of those alive",
}


def _answer(kind: str, document: Mapping[str, Any]) -> tuple[str, str]:
    """Return what a study came to, in a sentence, and its tone."""
    if kind == "forecast":
        horizon, median = document["cycles"], document["median_life"]
        alive = percent(document["survive"], 0)
        if median is None:
            return f"Most live: {alive} of {document['samples']} reach {horizon} cycles.", "alive"
        return f"Half of {document['samples']} such cells are dead by cycle {median}.", "dead"
    if kind == "attribute":
        by_mode = document["losses"]["capacity_Ah"]["all"]["by_mode"]
        if document["life"]:
            outcome = document["outcome"]
            cause = f"{outcome.get('mode')}: {outcome.get('criterion')}"
            return f"It dies in cycle {document['life']} of {cause}.", "dead"
        most = max(by_mode, key=lambda mode: (by_mode[mode], mode), default="no mode")
        return (
            f"It lives beyond {document['cycles']} cycles; {most} costs it most capacity.",
            "alive",
        )
    life = document.get("life")
    return (f"The best life found is {life} cycles." if life else "See the figure."), "unknown"


def _scalars(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the plain numbers of a study's document, as facts."""
    return [
        (key.replace("_", " "), short(value) if isinstance(value, float) else str(value))
        for key, value in document.items()
        if isinstance(value, _SCALARS) and not isinstance(value, bool) and key not in _UNTOLD
    ][:10]


def _attribution(document: Mapping[str, Any]) -> list[Block]:
    losses = document["losses"]
    rows = [
        (mode, *(short(f * losses[key]["all"]["by_mode"][mode]) for key, _, f in _LOSSES))
        for mode in document["modes"]
    ]
    rows.append(("together", *(short(f * losses[key]["all"]["total"]) for key, _, f in _LOSSES)))
    when = document["compared_in_cycle"]
    text = f"Against the cell without these modes, in cycle {when}."
    if not document["life"]:
        text += (
            f" The cell lives beyond the horizon of {document['cycles']} cycles, so that no loss "
            "of life within it can be seen."
        )
    return [
        Text(text),
        Table(("mode", *(words for _, words, _ in _LOSSES)), rows, frozenset({1, 2, 3})),
        *(Text(note) for note in document.get("notes", ())),
    ]


def _forecast(document: Mapping[str, Any]) -> list[Block]:
    horizon = document["cycles"]
    low, high = document["median_life_band"]
    median = document["median_life"]
    band = f" ({_cycles(low, horizon)} to {_cycles(high, horizon)}, 90 %)"
    life = f"{median} cycles{band}" if median else f"beyond {horizon} cycles"
    rows = []
    for mode, curve in document["incidence"].items():
        bands = document["incidence_bands"][mode]
        ends = [percent(b[-1][1], 0) if b else "-" for b in (bands["low"], bands["high"])]
        rows.append((mode, percent(curve[-1][1], 0), f"{ends[0]} to {ends[1]}"))
    reach = f"{_cycles(document['p05'], horizon)} to {_cycles(document['p95'], horizon)}"
    return [
        Facts(
            [
                ("cells", f"{document['samples']}, each a life of up to {horizon} cycles"),
                ("median life", life),
                ("5 % to 95 %", reach),
                ("alive at the end", percent(document["survive"], 0)),
            ]
        ),
        Table(("cause", f"dead of it by cycle {horizon}", "90 % band"), rows, frozenset({1, 2})),
    ]


def _cycles(value: float | None, horizon: int) -> str:
    return f"beyond {horizon}" if value is None else f"{value:.0f}"
