"""What a row's words ask for: materials, how a cathode was mixed, how a metal was put on."""

from __future__ import annotations

from dataclasses import dataclass

from twin.outcomes.entries import class_of_material
from twin.outcomes.recognise import NotMapped, setup_words
from twin.outcomes.table import Row


@dataclass(frozen=True)
class Wanted:
    """What a row's words ask for, by the library's names."""

    electrolyte: str
    electrolyte_class: str
    anode: str
    cathode: str | None
    catholyte: str | None
    face: str
    mixing: str | None
    tin: bool

    @property
    def metal(self) -> bool:
        """Whether the anode is a metal, and no host."""
        return self.anode.startswith("sodium") or self.anode == "na-sn-5"


def wanted(row: Row, full: bool) -> Wanted:
    """Return what a row asks for.

    Raises
    ------
    NotMapped
        If nothing is known of its electrolyte or cathode, or nothing stands for a word.
    """
    told = setup_words()
    for part in ("cathode", "anode") if full else ():
        text = row.words.get(part, "").lower()
        if word := next((w for w in told["unknown"][part] if w in text), None):
            raise NotMapped(f"nothing in the library stands for {word!r}")
    words = row.words.get("electrolyte", "")
    cathode = row.words.get("cathode", "")
    kind = row.classes.get("electrolyte")
    electrolyte = by_words("electrolyte", words) or told["electrolyte"]["class"].get(kind or "")
    if electrolyte is None:
        raise NotMapped("nothing is known of its electrolyte")
    # An alloy on both sides of a symmetric cell stands as a face that touches all over.
    anode = (
        ("" if full else "sodium")
        or by_words("anode", row.words.get("anode", ""))
        or told["anode"]["class"].get(row.classes.get("anode") or "", "sodium")
    )
    tin = anode == "tin" or (full and row.classes.get("anode") == "sn")
    material: str | None = None
    if full:
        material = by_words("cathode", cathode) or told["cathode"]["class"].get(
            row.classes.get("cathode") or ""
        )
        if material is None:
            raise NotMapped("nothing is known of its cathode")
    mixing = next(
        (
            name
            for name, known in told["mixing"].items()
            if any(w in cathode.lower() for w in known)
        ),
        None,
    )
    return Wanted(
        electrolyte,
        class_of_material(electrolyte),
        "na15sn4" if anode == "tin" else anode,
        material,
        by_words("catholyte", cathode + " " + words) if full else None,
        _face_of(row, full),
        mixing,
        tin,
    )


def by_words(part: str, text: str) -> str | None:
    """Return the material that a text's words stand for; None where no word is known."""
    said = text.lower()
    for name, known in setup_words()[part]["words"].items():
        if any(word in said for word in known):
            return str(name)
    return None


def _face_of(row: Row, full: bool) -> str:
    face = row.classes.get("face")
    if face in ("alloy",):
        return "coated"
    if face:
        return face
    added = row.words.get("additive_or_interlayer", "").lower()
    if "interlayer" in row.marks and "cathode" not in added and "grain boundary" not in added:
        return "coated"
    return "pressed" if "pressed" in row.marks else "bare"
