"""Finding evidence: the one function that the pages, the command line and the JSON share."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace

from sqlalchemy import and_, false, or_, select
from sqlalchemy.orm import Session

from evidence.access import Access
from evidence.analysis import Analyser, fold_text
from evidence.models import Document, Page
from evidence.values import Tokens
from search.entries import newest_readings
from search.highlight import snippet
from search.index import Cursor, Filters, Hits, PageHit, Query, SearchIndex
from search.query import parse

_MOST_FORMS = 8
_SOME_WORDS = "Tidak ada dokumen yang memuat semua kata; yang tampil memuat sebagian besar kata."


def find(
    session: Session,
    index: SearchIndex,
    analyser: Analyser,
    typed: str,
    access: Access,
    *,
    filters: Filters | None = None,
    exact: bool = False,
    after: Cursor | None = None,
    size: int = 20,
    snippets: bool = True,
) -> Hits:
    """Search for what a person typed. Raises only `SearchUnavailable`; all else is said in `notices`.

    Where no document holds all the words, those that hold most of them are shown and a notice says so. `snippets`
    false leaves snippets and `forms` empty, for programs that want places only.
    """
    query = parse(typed, analyser, filters, exact=exact)
    hits = index.search(query, access, after, size)
    if not hits.total and len(query.wanted()) > 1:
        some = index.search(replace(query, all_words=False), access, after, size)
        if some.total:
            hits = replace(some, notices=(*query.notices, _SOME_WORDS))
    hits = _still_visible(session, access, hits)
    return _with_snippets(session, analyser, query, hits) if snippets else hits


def _still_visible(session: Session, access: Access, hits: Hits) -> Hits:
    """The hits without documents of which the index has not yet learned that they are out of sight."""
    found = {document.id for document in hits.documents} | {page.document for page in hits.pages}
    visible = set(session.scalars(select(Document.id).where(Document.id.in_(found), access.documents())))
    documents = tuple(document for document in hits.documents if document.id in visible)
    return replace(
        hits,
        total=hits.total - (len(hits.documents) - len(documents)),
        documents=documents,
        pages=tuple(page for page in hits.pages if page.document in visible),
    )


def _with_snippets(session: Session, analyser: Analyser, query: Query, hits: Hits) -> Hits:
    texts = _texts(session, [page for document in hits.documents for page in document.pages])
    words = _words_asked(query, analyser)
    forms: Counter[str] = Counter()

    def with_snippet(page: PageHit) -> PageHit:
        text = texts.get((page.sha256, page.page), "")
        tokens = analyser.analyse(text)
        forms.update(_other_forms(words, tokens))
        return replace(page, snippet=snippet(text, tokens, query.clauses))

    return replace(
        hits,
        documents=tuple(replace(row, pages=tuple(map(with_snippet, row.pages))) for row in hits.documents),
        forms=tuple(form for form, _ in forms.most_common(_MOST_FORMS)),
    )


def _texts(session: Session, pages: Collection[PageHit]) -> Mapping[tuple[str, int], str]:
    """The texts of these pages by file and page number. The caller has made sure that they may be seen."""
    numbers: dict[str, set[int]] = defaultdict(set)
    for page in pages:
        numbers[page.sha256].add(page.page)
    files = {reading: sha256 for sha256, reading in newest_readings(session, numbers).items()}
    # One condition for each reading: pairs of reading and number would make SQLite look through all pages there are.
    wanted = [and_(Page.reading_id == reading, Page.number.in_(numbers[sha256])) for reading, sha256 in files.items()]
    rows = session.execute(select(Page.reading_id, Page.number, Page.text).where(or_(false(), *wanted)))
    return {(files[reading], number): text for reading, number, text in rows}


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
