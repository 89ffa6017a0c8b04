"""Understanding versions in a child process: the parent's side."""

from __future__ import annotations

from pathlib import Path

import structlog

from evidence.values import Read
from ingest.child import Child, ChildLost
from ingest.wire import NotTagged, Tag, Tagged

log = structlog.get_logger()

# All pages of a version together take milliseconds each; a text that needs longer has met a bad pattern.
_SECONDS = 60
_ANSWER_MB = 1000


class TaggingFailed(Exception):
    """The version could not be understood: a fault of ours."""


class Tagger(Child):
    """Understands versions in a child process of its own, which loads the rules once."""

    module = "ingest.tagger"
    answers = Tagged | NotTagged

    def __init__(self, instrument: str, stems: Path) -> None:
        super().__init__()
        self.arguments = (instrument, str(stems.absolute()))

    def understand(self, read: Read) -> Tagged:
        """What the version says; a child that dies of it is replaced once. Raises TaggingFailed."""
        request = Tag(read)
        try:
            reply = self._answer(request)
        except ChildLost as lost:
            log.warning("tagger.lost", reason=str(lost))
            try:
                reply = self._answer(request)
            except ChildLost as again:
                raise TaggingFailed(str(again)) from again
        if isinstance(reply, NotTagged):
            raise TaggingFailed(f"{reply.error} in {reply.where}")
        return reply

    def _answer(self, request: Tag) -> Tagged | NotTagged:
        try:
            self._send(request)
            reply: Tagged | NotTagged = self._receive(_SECONDS, _ANSWER_MB)
        except ChildLost:
            self.close()
            raise
        self._idle = True
        return reply
