"""The bench in a real browser: headless Chromium, driven by its own protocol."""

from __future__ import annotations

import asyncio
import base64
import io
import itertools
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest
from aiohttp import ClientError, ClientSession

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
WAIT_S = 100.0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed"),
]


class Page:
    """A page of a browser, by the DevTools protocol; it keeps what the bench sent to it."""

    def __init__(self, wire: Any):
        self._wire, self._numbers = wire, itertools.count(1)
        self._answers: dict[int, asyncio.Future] = {}
        self.heard = ""
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self._wire:
            data = message.json()
            if data.get("id") in self._answers:
                self._answers.pop(data["id"]).set_result(data.get("result"))
            elif data.get("method") == "Network.webSocketFrameReceived":
                frame = data["params"]["response"]
                if frame["opcode"] == 2:
                    text = base64.b64decode(frame["payloadData"]).decode(errors="replace")
                else:
                    text = frame["payloadData"]
                self.heard += text

    async def do(self, method: str, **params: Any) -> Any:
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        await self._wire.send_json({"id": number, "method": method, "params": params})
        return await asyncio.wait_for(self._answers[number], WAIT_S)

    async def hears(self, words: str) -> None:
        limit = time.monotonic() + WAIT_S
        while words not in self.heard:
            assert time.monotonic() < limit, f"{words!r} was not sent: {self.heard[-2000:]!r}"
            await asyncio.sleep(0.2)

    async def press(self, key: str) -> None:
        # The terminal in the page listens to a text field of its own.
        await self.do("Runtime.evaluate", expression="document.querySelector('textarea').focus()")
        how = {"key": key, "windowsVirtualKeyCode": ord(key.upper())}
        await self.do("Input.dispatchKeyEvent", type="keyDown", text=key, **how)
        await self.do("Input.dispatchKeyEvent", type="keyUp", **how)

    async def picture(self) -> np.ndarray:
        found = await self.do("Page.captureScreenshot", format="png")
        return matplotlib.image.imread(io.BytesIO(base64.b64decode(found["data"])))


async def until(look: Any) -> Any:
    """Return what a look finds, as soon as it finds something."""
    limit = time.monotonic() + WAIT_S
    while True:
        try:
            found = await look()
        except (OSError, ClientError):
            found = None
        if found:
            return found
        assert time.monotonic() < limit, "nothing was found in time"
        await asyncio.sleep(0.2)


@pytest.fixture
def served(stored, home):
    """A bench that is served at a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    twin = Path(sys.executable).parent / "twin"
    words = [twin, "tui", "--serve", "--port", str(port), "--db", stored.url]
    process = subprocess.Popen(words, env=os.environ | {"TWIN_TUI_HOME": str(home)})
    yield f"http://127.0.0.1:{port}/"
    process.terminate()
    process.wait(30)


@pytest.fixture
def browser(tmp_path):
    """A browser without a window, and the folder where it says how it is driven."""
    folder = tmp_path / "browser"
    words = [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1200,800"]
    words += ["--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield folder
    process.terminate()
    process.wait(30)


def test_the_bench_is_drawn_and_answers_keys_in_a_browser(served, browser):
    async def flow() -> None:
        async with ClientSession() as session:

            async def place() -> str | None:
                file = browser / "DevToolsActivePort"
                return file.read_text().split()[0] if file.exists() else None

            async def answers() -> bool:
                async with session.get(served) as answer:
                    return answer.status == 200

            async def tab() -> str | None:
                async with session.get(f"http://127.0.0.1:{port}/json") as answer:
                    pages = [p for p in await answer.json() if p["type"] == "page"]
                return pages[0]["webSocketDebuggerUrl"] if pages else None

            port = await until(place)
            await until(answers)
            async with session.ws_connect(await until(tab), max_msg_size=0) as wire:
                page = Page(wire)
                await page.do("Network.enable")
                await page.do("Page.enable")
                await page.do("Page.navigate", url=served)
                await page.hears("Library")
                await page.hears("to scale")
                await asyncio.sleep(1.0)
                cells = await page.picture()
                assert np.std(cells[..., :3]) > 0.02, "the page is blank"
                await page.press("4")
                await page.hears("2 of 2 runs")
                await asyncio.sleep(1.0)
                results = await page.picture()
                assert np.abs(results - cells).max() > 0.2, "the key changed nothing to be seen"
                keep = os.environ.get("TWIN_BROWSER_PICTURE")
                if keep:
                    matplotlib.image.imsave(keep, results)

    asyncio.run(flow())
