"""Turning a function into a command: common options in, exit code out, never a traceback."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import fields, is_dataclass
from typing import Any, Literal, get_type_hints

import typer

from twin.cli import faults
from twin.cli.bounds import bound
from twin.cli.options import COMMON, LOOK, NUMBERS, Common
from twin.cli.session import Session
from twin.cli.stored_faults import stored_fault

Function = Callable[..., int | None]
Draws = Literal["", "figure", "lines"]


def command(
    app: typer.Typer, name: str, draws: Draws = "", **how: Any
) -> Callable[[Function], Function]:
    """Register a function as a command.

    The function takes a :class:`Session` first and returns its exit code (None for 0).
    Options that several commands share stand in a dataclass: a parameter of that type has its
    fields as options, listed after the function's own. The common options are added to them.
    One that ``draws`` is given the options of a figure's look too, and works in that look;
    ``"lines"`` are also written as numbers.
    """

    def register(function: Function) -> Function:
        app.command(name, **how)(_wrapped(function, listing=False, draws=draws))
        return function

    return register


def group(
    parent: typer.Typer, name: str, default: Function, default_name: str = "list"
) -> typer.Typer:
    """Return a group of commands that does ``default`` when it is called alone."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    first_line = (inspect.getdoc(default) or "").splitlines()[0]
    wrapped = _wrapped(default, listing=True)
    app.callback(invoke_without_command=True, help=first_line)(wrapped)
    app.command(default_name)(_wrapped(default, listing=False))
    parent.add_typer(app, name=name)
    return app


def _wrapped(function: Function, *, listing: bool, draws: Draws = "") -> Callable[..., None]:
    """Return what Typer calls: it reads its options from the signature."""
    parameters, together = _options(function)
    for p in parameters:
        bound(p.name, p.annotation)
    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters]
    looks = {**(LOOK if draws else {}), **(NUMBERS if draws == "lines" else {})}
    more = looks | {name: (kind, None if name == "db" else False) for name, kind in COMMON.items()}
    for name, (kind, default) in more.items():
        parameters.append(
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind
            )
        )
    parameters.append(
        inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    )

    def run(**arguments: Any) -> None:
        context = arguments.pop("context")
        common = Common(**{name: arguments.pop(name) for name in COMMON}).inside(context.obj)
        context.obj = common
        if listing and context.invoked_subcommand is not None:
            return
        look = {name: arguments.pop(name) for name in looks}
        for name, kind in together.items():
            arguments[name] = kind(**{f.name: arguments.pop(f.name) for f in fields(kind)})
        code = _guarded(_in_look(function, look) if look else function, Session(common), arguments)
        if code:
            raise typer.Exit(code)

    run.__name__ = function.__name__
    run.__doc__ = function.__doc__
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run


def _options(function: Function) -> tuple[list[inspect.Parameter], dict[str, type[Any]]]:
    """Return a function's options, and by parameter the dataclasses they are gathered in."""
    hints = get_type_hints(function, include_extras=True)
    options: list[inspect.Parameter] = []
    shared: list[inspect.Parameter] = []
    together: dict[str, type[Any]] = {}
    for p in list(inspect.signature(function).parameters.values())[1:]:
        kind = hints[p.name]
        if not (isinstance(kind, type) and is_dataclass(kind)):
            options.append(p.replace(annotation=kind))
            continue
        together[p.name] = kind
        inside = get_type_hints(kind, include_extras=True)
        shared += [
            inspect.Parameter(f.name, p.kind, default=f.default, annotation=inside[f.name])
            for f in fields(kind)
        ]
    return [*options, *shared], together


def _in_look(function: Function, asked: dict[str, Any]) -> Function:
    """Return the function, drawing in the look that is asked for."""

    def run(session: Session, **arguments: Any) -> int | None:
        from twin.files import check_target
        from twin.report.style import Look, drawn_as

        if asked.get("numbers") is not None:
            check_target(asked["numbers"], key="numbers")  # before the work, not after it
        with drawn_as(Look(**asked)):
            return function(session, **arguments)

    return run


def _guarded(function: Function, session: Session, arguments: dict[str, Any]) -> int:
    try:
        # stdout is for the result alone, whatever a library or a plugin prints.
        with redirect_stdout(sys.stderr):
            return function(session, **arguments) or faults.DONE
    except typer.Exit as done:
        return done.exit_code
    except (Exception, KeyboardInterrupt) as error:
        return faults.report(stored_fault(error, session), session)
    finally:
        session.close()
