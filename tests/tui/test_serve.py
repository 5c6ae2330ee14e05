"""The bench in a browser and in a real terminal: who is let in, and that it is there."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer
from twin_tui.serve import BenchServer, is_loopback

PORT = 8765


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("lab", False)],
)
def test_which_addresses_are_this_machine(host, own):
    assert is_loopback(host) is own


def ask(token: str | None, *requests: dict) -> list:
    async def main() -> list:
        app = await BenchServer("sqlite://", "127.0.0.1", PORT, token)._make_app()
        app.on_startup.clear()
        answers = []
        async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as client:
            for request in requests:
                path = request.pop("path", "/")
                headers = {"Host": f"127.0.0.1:{PORT}", **request}
                answer = await client.get(path, headers=headers, allow_redirects=False)
                answers.append((answer.status, answer.headers))
        return answers

    return asyncio.run(main())


def test_only_this_machine_and_its_own_pages_are_let_in():
    own, named, elsewhere, page = ask(
        None,
        {},
        {"Host": f"localhost:{PORT}"},
        {"Host": "evil.example"},
        {"path": "/ws", "Origin": "http://evil.example"},
    )
    assert (own[0], named[0], elsewhere[0], page[0]) == (200, 200, 403, 403)
    assert "default-src 'self'" in own[1]["Content-Security-Policy"]


def test_elsewhere_only_the_token_lets_in_and_a_cookie_keeps_it():
    host = {"Host": "lab:8765"}
    none, wrong, right, cookie, socket = ask(
        "secret",
        {**host},
        {**host, "path": "/?token=guess"},
        {**host, "path": "/?token=secret"},
        {**host, "Cookie": "twin_token=secret"},
        {**host, "path": "/ws"},
    )
    assert (none[0], wrong[0], right[0], cookie[0]) == (401, 401, 302, 200)
    assert "HttpOnly" in right[1]["Set-Cookie"] and "SameSite=Strict" in right[1]["Set-Cookie"]
    assert socket[0] == 401


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
        sees("1 Cells", "to scale")
        press("4")
        sees("2 of 2 runs", "anode contact lost")
        press("Enter")
        sees("How it was run" if "alive" in screen() else "Evidence")
        press("q")
        sees("left with 0")
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)
