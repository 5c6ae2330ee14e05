"""The bench in a browser and in a real terminal: who is let in, and that it is there."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer
from twin_tui.serve import BenchServer, is_loopback, serve_bench

PORT = 8765


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("lab", False)],
)
def test_which_addresses_are_this_machine(host, own):
    assert is_loopback(host) is own


def ask(host: str, *requests: dict, body: bool = False) -> list:
    async def main() -> list:
        app = await BenchServer(host, PORT, "secret")._make_app()
        app.on_startup.clear()
        answers = []
        async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as client:
            for request in requests:
                path = request.pop("path", "/")
                headers = {"Host": f"127.0.0.1:{PORT}", **request}
                answer = await client.get(path, headers=headers, allow_redirects=False)
                answers.append((answer.status, await answer.text() if body else answer.headers))
        return answers

    return asyncio.run(main())


KNOWN = {"Cookie": f"twin_token_{PORT}=secret"}


def test_only_this_machine_and_its_own_pages_are_let_in_and_only_with_the_token():
    own, named, elsewhere, page, stranger, socket = ask(
        "127.0.0.1",
        {**KNOWN},
        {**KNOWN, "Host": f"localhost:{PORT}"},
        {**KNOWN, "Host": "evil.example"},
        {**KNOWN, "path": "/ws", "Origin": "http://evil.example"},
        {},
        {"path": "/ws"},
    )
    assert (own[0], named[0], elsewhere[0], page[0]) == (200, 200, 403, 403)
    assert (stranger[0], socket[0]) == (401, 401)
    assert "default-src 'self'" in own[1]["Content-Security-Policy"]


def test_elsewhere_too_and_a_cookie_keeps_the_token():
    host = {"Host": "lab:8765"}
    none, wrong, right, cookie, other, socket = ask(
        "0.0.0.0",
        {**host},
        {**host, "path": "/?token=guess"},
        {**host, "path": "/?token=secret"},
        {**host, **KNOWN},
        {**host, "Cookie": f"twin_token_{PORT + 1}=secret"},
        {**host, "path": "/ws"},
    )
    assert (none[0], wrong[0], right[0], cookie[0]) == (401, 401, 302, 200)
    assert "HttpOnly" in right[1]["Set-Cookie"] and "SameSite=Strict" in right[1]["Set-Cookie"]
    assert (other[0], socket[0]) == (401, 401)


def test_the_page_asks_no_other_host():
    ((status, page),) = ask("127.0.0.1", {**KNOWN}, body=True)
    assert status == 200 and "textual.js" in page and "RobotoMono" in page
    asked = re.findall(r"""(?:href|src)=["']([^"']*)|url\(["']?([^"')]*)""", page)
    hosts = {urlsplit(a or b).netloc for a, b in asked}
    assert hosts <= {"", f"127.0.0.1:{PORT}"}, hosts


def test_the_font_is_here():
    ((status, _),) = ask(
        "127.0.0.1", {**KNOWN, "path": "/static/fonts/RobotoMono-VariableFont_wght.ttf"}
    )
    assert status == 200


def test_no_password_is_on_the_visitors_command_line(monkeypatch):
    started = []
    monkeypatch.setattr(BenchServer, "serve", lambda server: started.append(server))
    monkeypatch.setenv("TWIN_DATABASE_URL", "sqlite:///before.db")
    monkeypatch.setenv("TWIN_TUI_TOKEN", "from the environment")
    url = "postgresql://lab:sesame99@host/cells"
    assert serve_bench(url, "127.0.0.1", PORT) == 0
    (server,) = started
    assert "sesame99" not in server.command and "from the environment" not in server.command
    assert os.environ["TWIN_DATABASE_URL"] == url  # which the bench opens
    assert "TWIN_TUI_TOKEN" not in os.environ  # nor does what it starts get the token


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_a_session_in_a_real_terminal(stored, tmp_path):
    # A server of its own, so that nobody's sessions are touched.
    tmux = ["tmux", "-S", str(tmp_path / "tmux")]
    twin = Path(sys.executable).parent / "twin"
    line = f"TWIN_TUI_HOME={tmp_path} {twin} tui --db {stored.url}; echo left with $?; sleep 60"

    def screen() -> str:
        done = subprocess.run([*tmux, "capture-pane", "-p"], capture_output=True, text=True)
        return done.stdout

    def sees(*words: str) -> None:
        limit = time.monotonic() + 60
        while not all(word in screen() for word in words):
            assert time.monotonic() < limit, screen()
            time.sleep(0.1)

    def press(*keys: str) -> None:
        subprocess.run([*tmux, "send-keys", *keys], check=True)

    subprocess.run([*tmux, "new-session", "-d", "-x", "80", "-y", "24", line], check=True)
    try:
        sees("1Cells", "Ask the twin")
        press("4")
        sees("2 of 2 runs", "anode contact lost")
        press("Enter")
        sees("How it was run" if "alive" in screen() else "Evidence")
        press("q")
        sees("left with 0")
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)
