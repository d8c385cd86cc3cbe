"""Sessions of work."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from kagura_git.api.opened import Opened
from kagura_git.api.recorded import Recorded
from kagura_git.model import inputs
from kagura_git.model.inputs import Texts
from kagura_git.model.mapping import iso
from kagura_git.model.records import Session
from kagura_git.services import sessions
from kagura_git.services.session_text import minutes

if TYPE_CHECKING:
    from kagura_git.llm.approval import Ask


class Working(Opened):
    """Starts and ends sessions, and tells what belongs to them."""

    def start_coding_session(self, description: str, tags: Texts = None) -> Recorded:
        """Start this worktree's session; raises ``Conflict`` while another one is active."""
        links = self.recaller.links()
        path, session = sessions.start(self.ws, links, description, tags)
        return Recorded(session, path=path, active=True, **self._said_of(session))

    def resume_coding_session(self, session_id: str) -> Recorded:
        """Make an earlier session the active one again."""
        path, session = sessions.resume(self.ws, session_id)
        return Recorded(session, path=path, active=True, **self._said_of(session))

    def end_coding_session(
        self,
        summary: str | None = None,
        success: bool | None = None,
        *,
        approve: bool = False,
        ask: Ask | None = None,
    ) -> dict[str, Any]:
        """End the active session and return it with all that belongs to it.

        Without ``summary`` one is made from the changes, decisions, errors and
        commits recorded in it: by the user's language model if there is one and
        its price is approved, else by our own hand. ``llm`` says which, and why.

        Args:
            approve: the user has approved the price beforehand.
            ask: asks the user to approve it; by default on the terminal.
        """
        _, joined = sessions.end(self.ws, self.recaller.links(), summary, success)
        if inputs.optional(summary) or not self.ws.settings.summarize_on_end:
            return self._session(joined)
        # The session is safe now, however long a model takes and whoever ends this process.
        return self._summarized(joined, approve, ask)

    def summarize_session(
        self, session_id: str, *, approve: bool = False, ask: Ask | None = None
    ) -> dict[str, Any]:
        """Let the user's language model write the summary of a session that has ended.

        ``llm`` says what became of it; without an answer the summary stays as it was.
        """
        _, session = sessions.get(self.ws, session_id)
        joined = sessions.join(self.ws, self.recaller.links(), session)
        return {"llm": {"status": "no_model"}} | self._summarized(joined, approve, ask)

    def _summarized(
        self, joined: sessions.Joined, approve: bool, ask: Ask | None
    ) -> dict[str, Any]:
        """Return a session, its summary written by a model if there is one that may be asked."""
        purse = self.purse(approved=approve, ask=ask)
        if not purse.model:
            return self._session(joined)
        from kagura_git.services import summaries

        session = joined.session
        outcome = summaries.ask(
            purse,
            summaries.blocks(
                self.ws, session, joined.changes, joined.errors, joined.decisions, joined.commits
            ),
        )
        if outcome.answer is not None:
            text = summaries.markdown(session, minutes(session, self.ws.now()), outcome.answer)
            prompt = f"session_summary/{outcome.prompt_version}"
            by = sessions.WrittenBy(outcome.model, prompt, outcome.cost)
            session = sessions.rewrite(self.ws, session.id, text, by)
        return self._session(dataclasses.replace(joined, session=session)) | {
            "llm": outcome.to_dict()
        }

    def get_session(self, session_id: str | None = None) -> dict[str, Any] | None:
        """Return a session with all that belongs to it; None given: the active one, if any."""
        wanted = session_id or self.ws.working.active_session()
        if wanted is None:
            return None
        _, session = sessions.get(self.ws, wanted)
        return self._session(sessions.join(self.ws, self.recaller.links(), session))

    def list_sessions(self) -> list[dict[str, Any]]:
        """Return this branch's sessions, newest first."""
        active = self.ws.working.active_session()
        return [
            {"id": s.id, "active": s.id == active, "path": path, **self._said_of(s)}
            for path, s in sessions.listed(self.ws)
        ]

    def _said_of(self, session: Session) -> dict[str, Any]:
        return {
            "description": session.description,
            "tags": session.tags,
            "started_at": iso(session.started_at),
            "ended_at": iso(session.ended_at) if session.ended_at else None,
            "duration_minutes": minutes(session, self.ws.now()),
            "summary": session.summary,
            "summary_model": session.summary_model,
            "success": session.success,
        }

    def _session(self, joined: sessions.Joined) -> dict[str, Any]:
        return {
            "id": joined.session.id,
            "active": joined.active,
            **self._said_of(joined.session),
            "decisions": [record.id for record in joined.decisions],
            "errors": [record.id for record in joined.errors],
            "changes": [
                {name: change.get(name) for name in ("id", "path", "action", "reason", "commit")}
                for change in joined.changes
            ],
            "commits": list(joined.commits),
        }
