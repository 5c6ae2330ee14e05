"""The bench in a browser: textual-serve behind a door.

On this machine only, unless told otherwise, and only with a token: other people's processes on
this machine can reach its ports too. A page of another site that a browser has open may not
reach it either: the Host and the Origin of every request are looked at.
"""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
import shlex
import sys
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

# The one door that is opened is known by its port: cookies of one host are shared by all.
COOKIE = "twin_token_{port}"
# What the page would fetch from other hosts; and the font that it asks for, which is here.
_ELSEWHERE = re.compile(r"<(?:link|script)\b[^>]*?\b(?:href|src)=[\"'](?P<url>[^\"']*)[\"'][^>]*>")
_FONT = (
    "<style>@font-face {{ font-family: 'Roboto Mono'; "
    "src: url('{static}fonts/RobotoMono-VariableFont_wght.ttf'); }}</style></head>"
)
# Nothing is fetched from elsewhere, whatever the page that textual-serve brings asks for.
POLICY = (
    "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:; frame-ancestors 'none'"
)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def is_loopback(host: str) -> bool:
    """Return whether an address is this machine's own."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def door(token: str, port: int, own: bool) -> Any:
    """Return the middleware that lets in who may come in.

    Parameters
    ----------
    token : str
        What a visitor must bring (once, as ``?token=``; then a cookie is kept).
    port : int
        Where the bench listens.
    own : bool
        Whether it listens on this machine only, and so answers to its own names only.
    """
    cookie = COOKIE.format(port=port)

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = urlsplit(f"//{request.host}")
        if own and not (is_loopback(host.hostname or "") and host.port in (port, None)):
            raise web.HTTPForbidden(text="this bench answers to this machine's own name only")
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            raise web.HTTPForbidden(text="this bench does not talk to other sites' pages")
        given = request.query.get("token")
        if given is not None and secrets.compare_digest(given.encode(), token.encode()):
            welcome = web.HTTPFound("/")
            welcome.set_cookie(cookie, token, httponly=True, samesite="Strict")
            raise welcome
        kept = request.cookies.get(cookie, "")
        if not secrets.compare_digest(kept.encode(), token.encode()):
            raise web.HTTPUnauthorized(text="open the address with its ?token=, as it was printed")
        return await handler(request)

    return check


async def _with_policy(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Referrer-Policy"] = "no-referrer"


class BenchServer(Server):
    """A textual-serve server with a door.

    Parameters
    ----------
    host, port
        Where to listen.
    token : str
        What visitors must bring.
    """

    def __init__(self, host: str, port: int, token: str):
        words = [sys.executable, "-P", "-m", "twin_tui.served"]
        super().__init__(shlex.join(words), host=host, port=port, title="twin")
        self._token = token

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(door(self._token, self.port, is_loopback(self.host)))
        app.on_response_prepare.append(_with_policy)
        return app

    async def on_startup(self, app: web.Application) -> None:
        """Say where the bench is."""
        place = f"[{self.host}]" if ":" in self.host else self.host
        sys.stderr.write(f"the lab bench is at http://{place}:{self.port}/?token={self._token}\n")
        if not is_loopback(self.host):
            sys.stderr.write(
                "whoever has the token can run cells and write files as you; it is sent "
                "unencrypted: use a tunnel or a proxy with TLS\n"
            )
        sys.stderr.write("Ctrl+C ends it\n")

    async def handle_index(self, request: web.Request) -> Any:
        """Serve the page, with links to where the visitor came in and to nowhere else."""
        self.public_url = f"{request.scheme}://{request.host}"
        page: Any = await super().handle_index(request)
        page.text = self.at_home(page.text)
        return page

    def at_home(self, page: str) -> str:
        """Return a page without what it would fetch from other hosts, and with its font."""

        def kept(match: re.Match[str]) -> str:
            place = urlsplit(match["url"]).netloc
            return match[0] if place in ("", urlsplit(self.public_url).netloc) else ""

        font = _FONT.format(static=f"{self.public_url}/static/")
        return _ELSEWHERE.sub(kept, page).replace("</head>", font, 1)


def serve_bench(url: str | None, host: str, port: int) -> int:
    """Serve the bench until Ctrl+C; return the exit code."""
    token = os.environ.pop("TWIN_TUI_TOKEN", "") or secrets.token_urlsafe(24)
    if url:  # with its password: command lines are there for all to read, the environment is not
        os.environ["TWIN_DATABASE_URL"] = url
    try:
        BenchServer(host, port, token).serve()
    except OSError as error:
        sys.stderr.write(
            f"error: cannot listen at {host}, port {port}: {error.strerror or error}\n"
        )
        sys.stderr.write("    fix: choose another --port or --host\n")
        return 2
    return 0
