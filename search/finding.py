"""Finding evidence: the one function that the pages, the command line and the JSON share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence.access import Access
from evidence.analysis import Analyser, fold_text
from evidence.db import Database
from evidence.models import Document, Page
from evidence.values import Tokens
from search.entries import newest_readings
from search.highlight import snippet
from search.index import Cursor, Filters, Hits, PageHit, Query, SearchIndex
from search.query import parse

_MOST_FORMS = 8
_SOME_WORDS = "Tidak ada dokumen yang memuat semua kata; yang tampil memuat sebagian besar kata."


@dataclass(frozen=True, slots=True)
class Finder:
    """What finding needs: the database for texts, the index for hits, the one analysis."""

    database: Database
    index: SearchIndex
    analyser: Analyser


def find(
    finder: Finder,
    access: Access,
    typed: str,
    filters: Filters | None = None,
    *,
    exact: bool = False,
    after: Cursor | None = None,
    size: int = 20,
    snippets: bool = True,
) -> Hits:
    """Search for what a person typed. Raises only `SearchUnavailable`; all else is said in `notices`.

    `snippets` false leaves them and `forms` empty, for programs that want places only. Where no document holds all the words, those that hold most of them are shown and a notice says so.
    """
    query = parse(typed, finder.analyser, filters, exact=exact)
    hits = finder.index.search(query, access, after, size)
    if not hits.total and len(query.wanted()) > 1:
        some = replace(query, all_words=False, notices=(*query.notices, _SOME_WORDS))
        hits = finder.index.search(some, access, after, size)
        if not hits.total:
            hits = replace(hits, notices=query.notices)
    return _with_texts(finder, access, query, hits, snippets)


def _with_texts(finder: Finder, access: Access, query: Query, hits: Hits, snippets: bool) -> Hits:
    """The hits with snippets; what the index has not yet learned to be out of sight is left out here."""
    with finder.database.reading() as session:
        visible = _visible(session, access, hits)
        documents = tuple(document for document in hits.documents if document.id in visible)
        shown = [page for document in documents for page in document.pages] if snippets else []
        texts = _texts(session, shown)
    words = _words_asked(query, finder.analyser)
    forms: Counter[str] = Counter()

    def with_snippet(page: PageHit) -> PageHit:
        text = texts.get((page.sha256, page.page), "")
        tokens = finder.analyser.analyse(text)
        forms.update(_other_forms(words, tokens))
        return replace(page, snippet=snippet(text, tokens, query.clauses))

    if snippets:
        documents = tuple(replace(document, pages=tuple(map(with_snippet, document.pages))) for document in documents)
    return replace(
        hits,
        total=hits.total - (len(hits.documents) - len(documents)),
        documents=documents,
        pages=tuple(page for page in hits.pages if page.document in visible),
        forms=tuple(form for form, _ in forms.most_common(_MOST_FORMS)),
    )


def _visible(session: Session, access: Access, hits: Hits) -> Collection[UUID]:
    found = {document.id for document in hits.documents} | {page.document for page in hits.pages}
    return set(session.scalars(select(Document.id).where(Document.id.in_(found), access.documents())))


def _texts(session: Session, pages: Collection[PageHit]) -> Mapping[tuple[str, int], str]:
    """The texts of these pages by file and page number. The caller has made sure that they may be seen."""
    readings = {reading.id: sha256 for sha256, reading in newest_readings(session, {p.sha256 for p in pages}).items()}
    rows = session.execute(
        select(Page.reading_id, Page.number, Page.text).where(
            Page.reading_id.in_(readings), Page.number.in_({page.page for page in pages})
        )
    )
    return {(readings[reading], number): text for reading, number, text in rows}


def _words_asked(query: Query, analyser: Analyser) -> Mapping[str, Collection[str]]:
    """For each stem asked by a single word, the forms that were typed."""
    typed = analyser.analyse(fold_text(query.typed))
    first = (clause.alternatives[0] for clause in query.wanted())
    stems = {phrase.words[0] for phrase in first if len(phrase.words) == 1 and not phrase.exact}
    return {stem: {form for form, its in zip(typed.exact, typed.stems, strict=True) if its == stem} for stem in stems}


def _other_forms(words: Mapping[str, Collection[str]], tokens: Tokens) -> list[str]:
    """Forms on the page of the words asked that were not typed: mengatur, pengaturan where "atur" was."""
    return [
        form for form, stem in zip(tokens.exact, tokens.stems, strict=True) if stem in words and form not in words[stem]
    ]
