"""Signing in and keeping other sites out: passwords, opaque session tokens, the one-time set-up link, HTTP headers."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from evidence.db import now
from evidence.errors import BuktiError, NotFound
from evidence.models import Account, LoginSession

SESSION_LENGTH = timedelta(hours=12)
SETUP_LENGTH = timedelta(days=7)
SHORTEST_PASSWORD = 12

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_hasher = PasswordHasher()
# Verified when the login name is unknown, so that the answer takes as long as for a known one.
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))


class SignInNeeded(BuktiError):
    code = "sign_in_needed"
    message = "Masuk dahulu untuk membuka halaman ini."


class WrongPassword(BuktiError):
    code = "wrong_password"
    message = "Nama pengguna atau kata sandi salah."


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def verify_password(session: Session, login: str, password: str) -> Account:
    account = session.scalar(select(Account).where(Account.login == login.strip().lower()))
    stored = account.password_hash if account and account.password_hash else _NOBODY
    try:
        _hasher.verify(stored, password)
    except (VerifyMismatchError, InvalidHashError) as error:
        raise WrongPassword() from error
    if account is None:
        raise WrongPassword()
    return account


def _fingerprint(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _issue(session: Session, kind: str, account: UUID | None, length: timedelta) -> str:
    token = secrets.token_urlsafe(32)
    session.add(LoginSession(token_hash=_fingerprint(token), account_id=account, kind=kind, expires_at=now() + length))
    return token


def start_session(session: Session, account: UUID) -> str:
    """A new log-in; the token is for the cookie alone, the database keeps its hash."""
    session.execute(delete(LoginSession).where(LoginSession.expires_at < now()))
    return _issue(session, "session", account, SESSION_LENGTH)


def end_session(session: Session, token: str) -> None:
    """Make a log-in's or a one-time link's token worthless."""
    session.execute(delete(LoginSession).where(LoginSession.token_hash == _fingerprint(token)))


def session_account(session: Session, token: str) -> Account | None:
    found = session.get(LoginSession, _fingerprint(token))
    if found is None or found.kind != "session" or found.expires_at < now() or found.account_id is None:
        return None
    return session.get(Account, found.account_id)


def has_account(session: Session) -> bool:
    """Whether anybody can sign in yet; people who only stand behind old decisions have no password."""
    return session.scalar(select(Account.id).where(Account.password_hash.is_not(None)).limit(1)) is not None


def issue_setup_token(session: Session) -> str:
    """The token of a new one-time link `/mulai/{token}`; earlier links stop working."""
    session.execute(delete(LoginSession).where(LoginSession.kind == "setup"))
    return _issue(session, "setup", None, SETUP_LENGTH)


def check_setup_token(session: Session, token: str) -> None:
    found = session.get(LoginSession, _fingerprint(token))
    if found is None or found.kind != "setup" or found.expires_at < now() or has_account(session):
        raise NotFound("Tautan ini sudah dipakai atau sudah lewat masanya. Jalankan lagi Bukti untuk tautan baru.")


class SecurityHeaders:
    """Sets the headers on every answer and refuses writes that another site started."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        if scope["method"] not in _SAFE_METHODS and from_another_site(Headers(scope=scope)):
            refusal = PlainTextResponse("Permintaan dari situs lain ditolak.", status_code=403)
            await refusal(scope, receive, send_with_headers)
            return
        await self.app(scope, receive, send_with_headers)


def from_another_site(headers: Headers) -> bool:
    """Browsers say where a request comes from; programs without a browser say nothing and carry no cookie jar."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")
