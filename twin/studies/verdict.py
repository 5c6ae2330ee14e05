"""What is told of a verdict beside the outcome itself, in one order everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from twin.report.worst_patch import patch_stories
from twin.studies.ends import ends_of_run
from twin.studies.improving import what_helps
from twin.studies.leave_one_out import left_out_of, said_of_left_out
from twin.studies.sureness import how_sure

if TYPE_CHECKING:
    from twin.runs.result import RunResult


def verdict_facts(result: RunResult, ends: Sequence[str] | None = None) -> list[tuple[str, str]]:
    """Return what stands beside a run's outcome, a label and words each; nothing empty.

    The stories of a face's worst patches, the lives with a mode left out, the verdicts at the
    other ends of what no data decide, how far the verdict carries, and the command that tries
    what would help.

    Parameters
    ----------
    result : RunResult
        The run.
    ends : sequence of str, optional
        Its verdicts at the other ends, in words; those that are known of its very cell by default.
    """
    info = result.info
    ends = ends_of_run(info) if ends is None else ends
    facts = [("worst patch", story.says) for story in patch_stories(result)]
    facts += [("left out", text) for text in said_of_left_out(left_out_of(info))]
    facts += [("other end", text) for text in ends]
    facts += [("how sure", text) for text in how_sure(info, result.store)]
    facts += [("what helps", what_helps(info) or "")]
    return [(label, text) for label, text in facts if text]
