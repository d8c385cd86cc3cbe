"""``git kagura error``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from kagura_git.cli.disputes import disputed
from kagura_git.cli.find import found_answer
from kagura_git.cli.model_fetch import fetch_model
from kagura_git.cli.model_lines import model_lines
from kagura_git.cli.numbers import COUNT, SCORE
from kagura_git.cli.output import (
    Answer,
    App,
    command,
    file_text,
    indented,
    one_line,
    progress,
    styled,
    text_argument,
)
from kagura_git.errors import UsageError
from kagura_git.memory import as_dict
from kagura_git.model.records import Error
from kagura_git.services import problems


@click.group()
def error() -> None:
    """Record errors, solve them, and find them again."""


@command(error)
@click.option("--type", "error_type", help="Such as TypeError.")
@click.option("--message", help="The message; '-' reads stdin.")
@click.option("--trace-file", metavar="F", help="A file with the stack trace; '-' reads stdin.")
@click.option("--file", "file_path", metavar="P", help="Where it went wrong.")
@click.option("--line", "line_number", metavar="N", help="The line in that file.")
@click.option("--solution", help="How it was fixed, if it was.")
@click.option("--screenshot", metavar="F", help="A picture of it; what is not said is read there.")
@click.option("--keep-screenshot", is_flag=True, help="Keep the picture in .kagura/attachments.")
@click.option("--approve", is_flag=True, help="Approve what the vision model costs.")
@click.option("--tag", "tags", multiple=True, help="A tag; may be repeated.")
def add(
    app: App, error_type: str | None, message: str | None, trace_file: str | None,
    solution: str | None, **more: Any,
) -> Answer:  # fmt: skip
    """Record an error, or count it again and answer with its solution."""
    if not more["screenshot"] and (error_type is None or message is None):
        missing = "--type" if error_type is None else "--message"
        raise UsageError(f"{missing} is missing", hint="Say both, or give --screenshot.")
    done = app.memory.record_error(
        error_type or "", text_argument(message) or "", file_text(trace_file),
        solution=text_argument(solution), cwd=app.folder, **more,
    )  # fmt: skip
    data = done.to_dict()
    told = model_lines(data, "git kagura error add ... --approve")
    return Answer(data, [*_added(done), *told])


def _added(done: Any) -> Iterator[str]:
    if done.new:
        yield f"{styled('b', done.id)} recorded: {done.path}"
    else:
        yield f"{styled('b', done.id)} seen before, {done.occurrences} times now"
    if "read_by" in done.to_dict():
        yield from _read_by(done)
    if done.solution:
        yield f"{styled('g', 'solution:')} {done.solution}"
    for item in done.similar:
        known = f": {item['solution']}" if item["solution"] else " (unsolved)"
        yield styled("y", f"similar: {item['id']} {one_line(item['title'], 200)}{known}")
    if done.redacted:
        yield styled("r", f"redacted: {', '.join(done.redacted)}")


def _read_by(done: Any) -> Iterator[str]:
    if done.read_by is None and not done.to_dict().get("reason"):
        return
    by = {"model": "read by the vision model", "ocr": "read letter by letter (OCR)"}
    yield styled("d", by.get(done.read_by, f"the picture was not read: {done.reason}"))
    yield f"  {one_line(done.record.title, 200)}"
    if done.record.suggested_cause:
        yield f"  cause: {one_line(done.record.suggested_cause, 300)}"


@command(error)
@click.argument("id")
@click.argument("solution")
@click.option("--commit", metavar="REV", help="The commit that fixed it, if it exists already.")
def solve(app: App, id: str, solution: str, commit: str | None) -> Answer:
    """Store an error's solution; the next commit is linked as its fix."""
    path, record = problems.solve(app.memory.ws, id, text_argument(solution) or "", commit)
    return Answer({**as_dict(record), "path": path}, [f"{styled('b', record.id)} solved"])


@command(error, "list")
@click.option("--unresolved", is_flag=True, help="Only those without a solution.")
def list_(app: App, unresolved: bool) -> Answer:
    """List the errors of this branch, last seen first."""
    found = problems.listed(app.memory.ws, unresolved=unresolved)
    data = {"errors": [{**as_dict(record), "path": path} for path, record in found]}
    return Answer(data, [line_of(record) for _, record in found] or ["no errors"])


@command(error)
@click.argument("id")
def show(app: App, id: str) -> Answer:
    """Show one error."""
    path, record = problems.get(app.memory.ws, id)
    links = app.memory.recaller.links()
    fixed = record.resolved_commit or links.solved_by(record.id)
    data = {
        **as_dict(record),
        "path": path,
        "commits": links.commits_of(record.id),
        "resolved_commit": fixed,
    }
    return Answer(data, described(record, path, fixed))


@command(error)
@click.argument("query")
@click.option("-k", type=COUNT, default=5, show_default=True, help="How many at most.")
@click.option("--min-score", type=SCORE, help="Leave out what scores less (0 to 1).")
@click.option("--unresolved", is_flag=True, help="Only those without a solution.")
@click.option("--abandoned", is_flag=True, help="Also what git has lost (`git kagura recover`).")
def search(app: App, query: str, k: int, **filters: Any) -> Answer:
    """Find errors by a description or a traceback."""
    fetch_model(app)
    with progress("embedding") as draw:
        found = app.memory.find_errors(text_argument(query) or "", k, progress=draw, **filters)
    return found_answer(found)


@command(error)
@click.argument("error_", metavar="ID_OR_TEXT")
@click.option("--approve", is_flag=True, help="Approve what the language model costs.")
def suggest(app: App, error_: str, approve: bool) -> Answer:
    """Suggest a solution: from the errors like it that were solved."""
    fetch_model(app)
    data = app.memory.suggest_solution(text_argument(error_) or "", approve=approve)
    told = model_lines(data, "git kagura error suggest ID_OR_TEXT --approve")
    return Answer(data, [*_suggested(data), *told])


def _suggested(data: dict[str, Any]) -> Iterator[str]:
    if not data["solution"]:
        yield "no solved error is like it"
    else:
        yield f"{styled('b', data['confidence'])} confidence: {data['solution']}"
    for case in data["cases"]:
        mark = styled("g", "*") if case["leaned_on"] else " "
        title = one_line(case["title"], 120)
        yield f"{mark} {case['score']:.2f}  {styled('b', case['id'])}  {title}"
    for name, title in (("alternatives", "Or:"), ("debugging_tips", "Look:")):
        for text in data[name]:
            yield f"{styled('b', title)} {text}"


@command(error)
@click.option("--approve", is_flag=True, help="Approve what the language model costs.")
def patterns(app: App, approve: bool) -> Answer:
    """Show kinds of errors that came more than once, and how to keep them away."""
    fetch_model(app)
    data = app.memory.analyze_error_patterns(approve=approve)
    told = model_lines(data, "git kagura error patterns --approve")
    if not data["patterns"]:
        return Answer(data, ["no kind of error came more than once", *told])
    return Answer(data, [*(line for item in data["patterns"] for line in _pattern(item)), *told])


def _pattern(item: dict[str, Any]) -> Iterator[str]:
    solved = f"{item['solved']} of {len(item['errors'])} solved"
    head = f"{item['times']}x  {item['severity']}  {solved}  {one_line(item['title'], 120)}"
    yield styled("b", head)
    yield f"  {', '.join(item['errors'][:8])}"
    for name, title in (("root_cause", "cause"), ("prevention", "prevent")):
        if item[name]:
            yield f"  {title}: {item[name]}"
    if item["prevention_code"]:
        yield indented(item["prevention_code"])
    for step in item["quick_fix"]:
        yield f"  fix: {step}"


def line_of(record: Error) -> str:
    """Return an error as one line."""
    mark = styled("g", "solved") if record.resolved else styled("r", "open  ")
    times = f" ({record.occurrences}x)" if record.occurrences > 1 else ""
    return f"{styled('b', record.id)}  {mark}  {one_line(record.title, 200)}{times}"


def described(record: Error, path: str | None, fixed: str | None = None) -> Iterator[str]:
    """Yield an error as a person reads it."""
    yield line_of(record)
    if path:
        yield styled("d", f"  {path}")
    if record.file_path:
        line = f":{record.line_number}" if record.line_number else ""
        yield f"  at {one_line(record.file_path)}{line}"
    if record.solution:
        yield f"\n{styled('g', 'Solution:')} {record.solution}"
    if fixed:
        yield f"Fixed by {fixed[:12]}"
    if record.stack_trace:
        yield f"\n{record.stack_trace}"
    yield from disputed(record)
    seen = record.last_seen or record.created_at
    yield styled("d", f"\n{one_line(record.author, 200)}, last seen {seen:%Y-%m-%d %H:%M} UTC")
