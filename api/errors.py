"""How an error is answered: one table from error class to HTTP status, one handler that renders a page or JSON."""

from __future__ import annotations

from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from api.pages import render
from api.security import SignInNeeded, WrongPassword
from api.throttle import TooManyAttempts
from evidence.errors import (
    BuktiError,
    DamagedFile,
    DatabaseUnavailable,
    FilesUnavailable,
    InvalidInput,
    NotAllowed,
    NotFound,
    OwnerBusy,
    StorageFull,
    UnreadableDocument,
)
from search.index import SearchUnavailable

log = structlog.get_logger()

STATUS: dict[type[BuktiError], int] = {
    SignInNeeded: 401,
    WrongPassword: 401,
    TooManyAttempts: 429,
    NotAllowed: 403,
    NotFound: 404,
    InvalidInput: 422,
    UnreadableDocument: 422,
    DamagedFile: 500,
    StorageFull: 507,
    DatabaseUnavailable: 503,
    FilesUnavailable: 503,
    OwnerBusy: 503,
    SearchUnavailable: 503,
}


_AWAY = "Bukti untuk sementara tidak dapat mencapai penyimpanannya. Data Anda aman; coba lagi beberapa saat lagi."
_NO_PAGE = "Halaman ini tidak ada."


def status_of(error: BuktiError) -> int:
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def answer_error(request: Request, error: Exception) -> Response:
    """A page for people, `{code, message}` for programs; somebody who must sign in first is sent there and back."""
    known = _in_our_words(error)
    status = error.status_code if isinstance(error, HTTPException) else status_of(known)
    if status == 500:
        log.error("request.failed", path=getattr(request.scope.get("route"), "path", ""), exc_info=error)
    if wants_json(request):
        return JSONResponse({"code": known.code, "message": known.message}, status)
    if isinstance(known, SignInNeeded):
        target = f"/masuk?lanjut={quote(_return_path(request))}"
        # A part of a page that asks for itself must not receive a whole page into its place.
        return (
            Response(headers={"HX-Redirect": target})
            if "hx-request" in request.headers
            else RedirectResponse(target, 303)
        )
    return render(request, "error.html", status, error=known)


def wants_json(request: Request) -> bool:
    return request.url.path.startswith("/api/")


def _return_path(request: Request) -> str:
    """Where to come back to: the page that was asked for; after a write or a part of a page, the start."""
    if request.method == "GET" and "hx-request" not in request.headers:
        return request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return "/"


def _in_our_words(error: Exception) -> BuktiError:
    if isinstance(error, DatabaseUnavailable | FilesUnavailable):
        # Which server, and why, is for the log and for `bukti doctor`, not for visitors.
        log.error("request.server_unavailable", reason=error.message)
        return error if isinstance(error, StorageFull) else type(error)(_AWAY)
    if isinstance(error, SearchUnavailable):
        log.error("request.search_unavailable", reason=error.message)
        return SearchUnavailable()
    if isinstance(error, BuktiError):
        return error
    if isinstance(error, RequestValidationError):
        in_path = any(problem["loc"][0] == "path" for problem in error.errors())
        return NotFound(_NO_PAGE) if in_path else InvalidInput()
    if isinstance(error, HTTPException):
        return NotFound(_NO_PAGE) if error.status_code == 404 else InvalidInput("Permintaan ini tidak dapat diterima.")
    return BuktiError("Terjadi kesalahan di Bukti. Data Anda aman; coba lagi sebentar lagi.")


def install(app: FastAPI) -> None:
    for kind in (BuktiError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, answer_error)
