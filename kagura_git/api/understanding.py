"""What a project is, what goes wrong in it, and what would help."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from kagura_git.api.opened import Opened
from kagura_git.errors import UsageError
from kagura_git.model import inputs
from kagura_git.model.ids import is_id
from kagura_git.model.records import Error
from kagura_git.model.tokens import count_tokens
from kagura_git.services import problems
from kagura_git.services.recall import Filters, Hit

if TYPE_CHECKING:
    from kagura_git.llm.approval import Ask
    from kagura_git.llm.operation import Purse, Sent
    from kagura_git.services.context import Level
    from kagura_git.services.context_older import Group as Older
    from kagura_git.services.error_patterns import Group
    from kagura_git.services.review.verdicts import Counsel
    from kagura_git.services.suggestions import Fixes, Trouble


class Understanding(Opened):
    """Sums up, finds patterns, suggests; with the user's language model where there is one."""

    def get_project_context(
        self,
        focus: str | None = None,
        max_tokens: int | None = None,
        *,
        level: Level = "detailed",
        approve: bool = False,
        ask: Ask | None = None,
    ) -> dict[str, Any]:
        """Return the project's summary, stack, recent changes, decisions and open errors.

        Tokens are counted by the tokenizer of the user's model, if there is one. Records
        for which there is no room are told by the group; what such a model says of a whole
        group, if its price is approved, is kept and not paid for again.

        Raises:
            UsageError: no such level.
        """
        from kagura_git.services import context

        if level not in context.LEVELS:
            raise UsageError(f"no level {level!r}", hint=f"One of {', '.join(context.LEVELS)}.")
        said: list[dict[str, Any]] = []
        count = self._counter()
        found = context.project_context(
            self.ws,
            self.recaller.links(),
            focus=focus,
            max_tokens=max_tokens,
            related=self._related if focus else None,
            patterns=self._known_habits(),
            level=level,
            count=count,
            digest=partial(self._digest, self.purse(approved=approve, ask=ask), said),
        )
        budget = max_tokens or context.LEVELS[level][0]
        return context.with_model(found.to_dict(), said[0] if said else None, budget, count)

    def _digest(self, purse: Purse, said: list[dict[str, Any]], group: Older) -> dict[str, Any]:
        """Return a group of older records as the context tells it.

        Args:
            said: takes why a model did not answer; it is not asked again then.
        """
        from kagura_git.llm.operation import run
        from kagura_git.services.context_older import CONTEXT_DIGEST, item

        asked = partial(run, CONTEXT_DIGEST, purse) if purse.model and not said else None
        told, outcome = item(group, asked)
        if outcome is not None and outcome.status != "answered":
            said.append(outcome.to_dict())
        return told

    def _known_habits(self) -> list[dict[str, Any]]:
        from kagura_git.services import learned

        records = (record for _, record in learned.listed(self.ws))
        return learned.joined(self._measured(deep=False)["patterns"], records)

    def _counter(self) -> Callable[[str], int]:
        model = self.purse().model
        if not model:
            return count_tokens
        from kagura_git.llm.counting import text_tokens

        return partial(text_tokens, model)

    def _related(self, focus: str) -> dict[str, float]:
        return {hit.id: hit.score for hit in self.recaller.search(focus, 50).hits}

    def analyze_coding_patterns(
        self, *, save: bool = False, approve: bool = False, ask: Ask | None = None
    ) -> dict[str, Any]:
        """Return the habits that history and records show, with counts and examples.

        They are measured; from 30 changes on the user's language model, if there is
        one and its price is approved, adds what counting cannot see.

        Args:
            save: keep them as records; ``saved`` then says what became of each.
        """
        found = self._habits(approve, ask)
        if save and found["enough"]:
            from kagura_git.services import learned

            found["saved"] = learned.learn(self.ws, found["patterns"]).to_dict()
        return found

    def _habits(self, approve: bool, ask: Ask | None) -> dict[str, Any]:
        from kagura_git.services import patterns

        found = self._measured()
        purse = self.purse(approved=approve, ask=ask)
        wanted = found["changes_seen"] >= patterns.DEEP and self.ws.settings.learn_patterns
        if not purse.model or not wanted:
            return found
        from kagura_git.services import preferences

        data = preferences.blocks(self.ws, found["patterns"])
        outcome = preferences.ask(purse, data)
        found["llm"] = outcome.to_dict()
        if outcome.answer is not None:
            found["patterns"] = preferences.added(found["patterns"], outcome.answer, data)
        return found

    def deep_enough(self) -> bool:
        """Tell whether there is history enough to ask a model for habits."""
        from kagura_git.services import patterns

        return patterns.changes_seen(self.ws) >= patterns.DEEP

    def _measured(self, *, deep: bool = True) -> dict[str, Any]:
        from kagura_git.services import patterns

        return patterns.analyze(self.ws, deep=deep).to_dict()

    def analyze_architecture_diagram(
        self, path: str, *, approve: bool = False, ask: Ask | None = None
    ) -> dict[str, Any]:
        """Return the components, relationships and more that a diagram shows.

        Without a vision model only the labels that can be read in it: ``read_by``
        says who read it, ``reason`` why no model did.

        Raises:
            KaguraError: it is no picture, or too large.
        """
        from kagura_git.services import screens

        return screens.diagram(self.purse(approved=approve, ask=ask), path).to_dict()

    def extract_code(
        self, path: str, *, approve: bool = False, ask: Ask | None = None
    ) -> dict[str, Any]:
        """Return the source code in a picture; as it was read letter by letter without a model.

        Raises:
            KaguraError: it is no picture, or too large.
        """
        from kagura_git.services import screens

        return screens.code(self.purse(approved=approve, ask=ask), path).to_dict()

    def estimate(self, operation: str, target: str | None = None) -> dict[str, Any]:
        """Return what an operation would cost now, on the very data it would send.

        Args:
            operation: one of :data:`kagura_git.services.estimates.OPERATIONS`.
            target: what it is for, such as a session's id, a picture's path or
                ``BASE...HEAD``; default: the latest session.
        """
        from kagura_git.llm.operation import Sent
        from kagura_git.services import error_patterns, estimates, preferences, screens, suggestions

        sent: Sent | None = None
        if operation == "solution_suggestion":
            sent = Sent(
                suggestions.SOLUTION_SUGGESTION, suggestions.blocks(*self._cases(target or ""))
            )
        elif operation == "error_patterns":
            groups = error_patterns.blocks(self._error_groups())
            sent = Sent(error_patterns.ERROR_PATTERNS, groups)
        elif operation == "preferences":
            measured = self._measured()["patterns"]
            sent = Sent(preferences.PREFERENCES, preferences.blocks(self.ws, measured))
        elif operation == "context_digest":
            from kagura_git.services import context_older

            stored = (item.record for item in self.ws.files.read_all())
            sent = context_older.sent(record for record in stored if record is not None)
        elif operation == "contradictions":
            sent = self._question(target or "")
        elif operation == "session_summary":
            sent = estimates.session_summary(self.ws, self.recaller.links(), target)
        elif operation == "pull_request":
            from kagura_git.services import pull_request

            sent = pull_request.sent(self.ws.repo.git, target or "main...HEAD")
        elif operation in screens.OPERATIONS:
            sent = screens.sent(operation, inputs.required(target, "target"))
        return estimates.estimate(self.purse(), operation, sent)

    def counsel(self, *, approve: bool = False, ask: Ask | None = None) -> Counsel | None:
        """Return who judges contradictions in a review; None if no language model is named.

        What is close in meaning is looked up in the index as it stands.
        """
        purse = self.purse(approved=approve, ask=ask)
        if not purse.model:
            return None
        from kagura_git.services.review.verdicts import Counsel

        def near(text: str, most: int) -> list[str]:
            found = self.recaller.index.search(text, most, keep=lambda e: e.kind == "decision")
            return [hit.entry.id for hit in found.hits]

        return Counsel(purse, near)

    def _question(self, range_: str) -> Sent:
        from kagura_git.llm.operation import Sent
        from kagura_git.services.review import verdicts

        base, dots, head = range_.partition("...")
        if not dots:
            raise UsageError("no range", hint="Name it: --for BASE...HEAD.", where="target")
        who = self.counsel()
        cases = verdicts.would_ask(self.ws.repo.git, base, head or "HEAD", who) if who else []
        return Sent(verdicts.CONTRADICTIONS, verdicts.blocks(cases))

    def suggest_solution(
        self, error: str, *, approve: bool = False, ask: Ask | None = None
    ) -> dict[str, Any]:
        """Return how an error may be solved, by the cases that were solved before.

        By the user's language model if there is one and its price is approved, else
        as the nearest case was; ``llm`` says what became of the model.

        Args:
            error: an error's id, a description or a traceback.
        """
        from kagura_git.services import suggestions

        trouble, cases, waiting, fixed = self._cases(error)
        found = suggestions.from_cases(trouble, cases, waiting, fixed)
        source, told = "cases", None
        purse = self.purse(approved=approve, ask=ask)
        if purse.model:
            outcome = suggestions.ask(purse, trouble, cases, waiting, fixed)
            told = outcome.to_dict()
            if outcome.answer is not None:
                found, source = suggestions.checked(outcome.answer, cases), "model"
        answer = suggestions.to_dict(trouble, found, cases, source)
        return answer | ({"llm": told} if told else {})

    def _cases(self, error: str) -> tuple[Trouble, list[Hit], list[Hit], Fixes]:
        """Return an error with the solved and the unsolved cases like it, likeliest first.

        And, of the solved ones, how they were fixed.
        """
        from kagura_git.services import suggestions
        from kagura_git.services.found import NO_ANSWER

        trouble = suggestions.Trouble(inputs.required(error, "error"))
        if is_id(error.strip()):
            _, record = problems.get(self.ws, error.strip())
            text = f"{record.error_type}: {record.message}\n{record.stack_trace}".strip()
            trouble = suggestions.Trouble(text, record.id, record)
        filters = Filters(kinds=("error",), other_than=trouble.id)
        hits = self.recaller.search(trouble.text, 10, filters=filters, min_score=NO_ANSWER).hits
        cases = suggestions.solved(hits)
        if trouble.error is not None and trouble.error.solution:
            cases.insert(0, self._itself(trouble.error))
        cases, waiting = cases[:5], [hit for hit in hits if hit not in cases][:5]
        fixed = suggestions.fixes(self.ws.repo.git, self.recaller.links(), cases)
        return trouble, cases, waiting, fixed

    def _itself(self, error: Error) -> Hit:
        return Hit(
            id=error.id, kind="error", score=1.0, title=error.title, snippet="",
            path=self.ws.files.path_of(error.id) or "", resolved=error.resolved, status=None,
            commits=tuple(self.recaller.links().commits_of(error.id)), record=error,
        )  # fmt: skip

    def analyze_error_patterns(
        self, *, approve: bool = False, ask: Ask | None = None
    ) -> dict[str, Any]:
        """Return the kinds of errors that came more than once, most frequent first.

        Each with what its records say; root cause, prevention and quick fix by the
        user's language model if there is one and its price is approved.
        """
        from kagura_git.services import error_patterns

        found = self._error_groups()
        told: list[dict[str, Any]] = [error_patterns.from_records(group) for group in found]
        said = None
        purse = self.purse(approved=approve, ask=ask)
        if purse.model and found:
            outcome = error_patterns.ask(purse, found)
            said = outcome.to_dict()
            if outcome.answer is not None:
                told = error_patterns.joined(told, outcome.answer)
        return {"patterns": told} | ({"llm": said} if said else {})

    def _error_groups(self) -> list[Group]:
        from kagura_git.services import error_patterns

        wanted = self.ws.given_project_id
        errors = [
            error
            for _, error in problems.listed(self.ws)
            if not wanted or error.project_id in (None, wanted)
        ]
        return error_patterns.groups(errors, self.recaller.vectors("error"))
