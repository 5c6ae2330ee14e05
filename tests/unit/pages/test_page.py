from __future__ import annotations

import base64
import hashlib
import html
import os
import re
import shlex
import subprocess
import sys
from html.parser import HTMLParser

import pytest

import twin
from twin.errors import InputError, NotFoundError
from twin.pages.run import run_sheet
from twin.specs.dump import cell_hash
from twin.specs.protocol import load_protocol

MODES = ["interphase"]
NASTY = "A <script>alert('x')</script> & \"cell\""


class Reader(HTMLParser):
    """Every element of a page with its attributes, its texts, and what stands in ``<code>``."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.codes, self.texts, self._open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)
        if tag == "code":
            self.codes.append("")

    def handle_endtag(self, tag):
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        self.texts.append(data)
        if "code" in self._open:
            self.codes[-1] += data


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('pages')}/runs.db"
    with twin.open_store(url) as opened:
        yield opened


@pytest.fixture(scope="module")
def lived(store):
    changed = {"stack.pressure": "3 MPa"}
    return twin.simulate("na-nzsp-na", cycles=2, modes=MODES, overrides=changed, store=store)


@pytest.fixture(scope="module")
def dead(store):
    """A symmetric cell that loses contact halfway through a cycle."""
    low = {"stack.pressure": "0.2 MPa", "modes.pressure.contact_limit": 0.3}
    chosen = {"modes": ["interphase", "pressure"], "store": store}
    return twin.simulate("na-base-na", cycles=5, overrides=low, **chosen)


@pytest.fixture(scope="module")
def study(store):
    found = twin.attribute("na-nzsp-na", cycles=2, modes=MODES, workers=1, store=store)
    return found.id


@pytest.fixture(scope="module")
def page(lived):
    return twin.report_html(lived.id, store=lived.store)


@pytest.fixture(scope="module")
def seen(page):
    return Reader(page)


def test_nothing_is_fetched_and_nothing_is_run(seen):
    assert not {tag for tag, _ in seen.elements} & {"script", "link", "img", "iframe", "object"}
    for tag, attributes in seen.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
        for name in ("src", "href", "data", "action"):
            assert attributes.get(name, "#").startswith("#"), (tag, attributes)


def test_the_policy_allows_the_pages_own_style_and_nothing_else(page, seen):
    (policy,) = [a["content"] for t, a in seen.elements if a.get("http-equiv")]
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'")
    assert "unsafe" not in policy and "url(" not in style and "@import" not in style


def test_every_anchor_leads_to_one_place(seen):
    ids = [a["id"] for _, a in seen.elements if "id" in a]
    assert not [one for one in set(ids) if ids.count(one) > 1]
    wanted = [a["href"][1:] for _, a in seen.elements if a.get("href", "").startswith("#")]
    assert wanted and set(wanted) <= set(ids)


@pytest.mark.slow
def test_the_same_run_gives_the_same_bytes_in_another_process(lived, page):
    code = "import sys, twin; print(twin.report_html(sys.argv[1], store=sys.argv[2]), end='')"
    done = subprocess.run(
        [sys.executable, "-c", code, lived.id, str(lived.store.url)],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7", "PYTHONIOENCODING": "utf-8"},
    )
    assert done.stdout.decode() == page


def test_the_page_tells_question_answer_and_evidence(dead):
    text = twin.report_html(dead.id, store=dead.store)
    shown = html.unescape(text)
    outcome = dead.outcome
    assert outcome.says in shown and f"{outcome.mode}: {outcome.criterion}" in shown
    assert 'class="answer dead"' in text
    assert "modes.pressure.contact_limit = 0.3" in shown
    for heading in ("The evidence", "The cell", "Figures", "Do it again", "Every number", "Cite"):
        assert f"<h2>{heading}</h2>" in text


def test_every_number_stands_there_with_its_source(lived, seen):
    texts = set(map(str.strip, seen.texts))
    for number in twin.cell_numbers(twin.stored_cell(lived.info.cell_spec)):
        assert number.key in texts
        if number.source:
            assert any(text.startswith(number.source) for text in texts), number.source


def test_its_files_and_its_command_give_the_same_run_again(lived, seen, tmp_path):
    *_, command, cell, protocol = seen.codes
    words = shlex.split(command)
    assert words[:2] == ["twin", "run"]
    paths = [tmp_path / words[2], tmp_path / words[words.index("--protocol") + 1]]
    for path, text in zip(paths, (cell, protocol), strict=True):
        path.write_text(text, encoding="utf-8")
    spec = twin.load_cell(paths[0])
    assert cell_hash(spec) == lived.info.cell_hash
    rules = load_protocol(paths[1], library=twin.library())
    assert rules.to_data() == lived.info.protocol
    options = dict(zip(words[3::2], words[4::2], strict=True))
    assert options["--cycles"] == "2" and options["--modes"] == "interphase"


def test_the_short_command_is_there_only_while_it_gives_the_same_cell(lived, seen, monkeypatch):
    assert any("twin run na-nzsp-na --protocol" in c and "--set" in c for c in seen.codes)
    from twin.pages import run as module

    other = twin.load_cell("na-base-na")
    monkeypatch.setattr(module, "load_cell", lambda *a, **k: other)
    codes = Reader(twin.report_html(lived.id, store=lived.store)).codes
    assert not any("twin run na-nzsp-na --protocol" in code for code in codes)


def test_text_of_others_is_escaped(store, tmp_path):
    text = twin.cell_toml(twin.load_cell("na-nzsp-na"))
    line = next(line for line in text.splitlines() if line.startswith("title = "))
    path = tmp_path / "odd.toml"
    path.write_text(text.replace(line, f"title = '''{NASTY}'''"), encoding="utf-8")
    run = twin.simulate(path, cycles=1, modes=[], store=store)
    page = twin.report_html(run.id, store=store)
    assert "<script" not in page and "&lt;script&gt;" in page
    assert NASTY in "".join(Reader(page).texts)


def test_a_control_character_is_shown_not_sent(lived, monkeypatch):
    from twin.pages import run as module

    monkeypatch.setattr(module, "ending", lambda run: "alive\x1b[31m")
    page = twin.report_html(lived.id, store=lived.store)
    assert "\x1b" not in page and "␛[31m" in page


def test_nor_is_one_in_a_drawings_own_words(lived, monkeypatch):
    from twin.pages import run as module

    plain = module.inline
    monkeypatch.setattr(module, "inline", lambda f, key, title: plain(f, key, f"{title}\x1b\u202e"))
    page = twin.report_html(lived.id, store=lived.store)
    assert page.count("␛") > 1 and not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", page)


def test_a_study_is_a_page_and_stands_on_the_page_of_its_cells_run(store, study):
    page = twin.report_html(study, store=store)
    assert "<h2>What each mode costs</h2>" in page and 'id="figure-attribute"' in page
    run = twin.simulate("na-nzsp-na", cycles=1, modes=MODES, store=store)
    keys = [section.key for section in run_sheet(run).sections]
    assert "attribute" in keys and "forecast" not in keys


def test_a_study_of_another_cell_is_not_on_a_runs_page(lived, study):
    assert "attribute" not in [section.key for section in run_sheet(lived).sections]


def test_a_study_that_has_not_ended_is_refused(store, study):
    design = store.study(study).design
    begun = store.start_study(kind="attribute", cell_name="na-nzsp-na", design=design)
    with pytest.raises(InputError, match="not come to its end"):
        twin.report_html(begun, store=store)


def test_neither_run_nor_study_is_said_to_be_no_run(store):
    with pytest.raises(NotFoundError, match="no run"):
        twin.report_html("zzzzzzzz", store=store)


def test_a_page_is_written_where_it_is_asked_for(lived, tmp_path, page):
    path = twin.write_report(lived.id, tmp_path, store=lived.store)
    assert path == tmp_path / f"{lived.id}.html"
    assert path.read_text(encoding="utf-8") == page
    with pytest.raises(InputError, match="folder does not exist"):
        twin.write_report(lived.id, tmp_path / "no" / "a.html", store=lived.store)
