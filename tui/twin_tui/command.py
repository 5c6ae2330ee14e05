"""The command ``twin tui``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

Db = Annotated[
    str | None,
    typer.Option(
        "--db", metavar="URL", help="The database [default: TWIN_DATABASE_URL or a file]."
    ),
]
Serve = Annotated[bool, typer.Option("--serve", help="Serve it to a browser instead.")]
Host = Annotated[
    str,
    typer.Option(
        "--host",
        metavar="ADDRESS",
        help="With --serve: where to listen.",
    ),
]
Port = Annotated[
    int, typer.Option("--port", metavar="N", min=1, max=65535, help="With --serve: the port.")
]


def tui(
    context: typer.Context,
    db: Db = None,
    serve: Serve = False,
    host: Host = "127.0.0.1",
    port: Port = 8765,
) -> None:
    """Open the lab bench in the terminal or in a browser."""
    url = db or getattr(context.obj, "db", None)
    code = _serve(url, host, port) if serve else _open(url)
    if code:
        raise typer.Exit(code)


def _open(url: str | None) -> int:
    if not sys.stdout.isatty() or not sys.stdin.isatty():
        sys.stderr.write(
            "error: the lab bench needs a terminal\n"
            "    fix: run `twin tui` in one, or `twin tui --serve` for a browser\n"
        )
        return 2
    from twin_tui.app import Bench
    from twin_tui.widgets.images import images_here

    bench = Bench(url, images=images_here())
    bench.run()
    return bench.return_code or 0


def _serve(url: str | None, host: str, port: int) -> int:
    from twin_tui.serve import serve_bench

    return serve_bench(url, host, port)
