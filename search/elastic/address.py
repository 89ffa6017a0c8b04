"""`settings.search_url` taken apart, and the client made of it."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from elasticsearch import Elasticsearch, ElasticsearchWarning

from evidence.errors import InvalidInput

_PREFIX_IF_NONE = "bukti"
_PREFIX = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
_FORM = "https://pengguna:sandi@host:9200/nama"
# Slow answers are for those who write; a person who searches is told within a few seconds.
_WRITING_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Address:
    """`prefix` begins the name of every index of this instance, so that several may share a cluster."""

    hosts: tuple[str, ...]
    prefix: str
    user: str = ""
    password: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)
    ca_certs: str = ""
    shards: int = 1

    @classmethod
    def parse(cls, url: str) -> Address:
        """Raise `InvalidInput` unless it has the form `http(s)://user:password@host:9200,http(s)://host2:9200/name`.

        After a `?` may come `api_key`, `ca_certs` (a path) and `shards` (of each index that is made from now on).
        """
        addresses, _, asked = url.partition("?")
        # A comma inside a password is written %2C.
        parts = [_split(each) for each in addresses.split(",")]
        try:
            options = {name: values[-1] for name, values in parse_qs(asked, strict_parsing=bool(asked)).items()}
        except ValueError as error:
            raise _wrong("pilihan di belakang ? ditulis nama=isi") from error
        _require(options.keys() <= {"api_key", "ca_certs", "shards"}, "pilihan yang dikenal: api_key, ca_certs, shards")
        _require(all(not part.path for part in parts[:-1]), "nama indeks hanya di belakang host terakhir")
        prefix = parts[-1].path.strip("/") or _PREFIX_IF_NONE
        _require(bool(_PREFIX.fullmatch(prefix)), "nama indeks hanya huruf kecil, angka, - dan _")
        logins = {(unquote(part.username), unquote(part.password or "")) for part in parts if part.username}
        _require(len(logins) <= 1, "semua host memakai pengguna yang sama")
        user, password = logins.pop() if logins else ("", "")
        _require(not (user and "api_key" in options), "pilih salah satu: pengguna atau api_key")
        shards = options.get("shards", "1")
        _require(shards.isascii() and shards.isdigit() and 1 <= int(shards) <= 100, "shards dari 1 sampai 100")
        return cls(
            hosts=tuple(f"{part.scheme}://{_host(part)}:{part.port or 9200}" for part in parts),
            prefix=prefix,
            user=user,
            password=password,
            api_key=options.get("api_key", ""),
            ca_certs=options.get("ca_certs", ""),
            shards=int(shards),
        )

    def connect(self) -> Elasticsearch:
        """Nothing is sent yet. A host that fails is left alone for a while and the next one asked."""
        options: dict[str, Any] = {}
        if self.user:
            options["basic_auth"] = (self.user, self.password)
        if self.api_key:
            options["api_key"] = self.api_key
        if self.ca_certs:
            options["ca_certs"] = self.ca_certs
        # A node without security says so in every answer; whether that is right is the operator's matter.
        warnings.filterwarnings("ignore", "Elasticsearch built-in security features", ElasticsearchWarning)
        return Elasticsearch(
            list(self.hosts),
            request_timeout=_WRITING_SECONDS,
            max_retries=max(2, len(self.hosts)),
            retry_on_timeout=True,  # all that we write may be written twice
            retry_on_status=(502, 503, 504),
            **options,
        )


def _split(text: str) -> SplitResult:
    try:
        part = urlsplit(text.strip())
        _require(part.scheme in ("http", "https") and bool(part.hostname), "tiap host diawali http:// atau https://")
        _require(part.port is None or part.port > 0, "nomor port salah")
    except ValueError as error:
        raise _wrong(str(error)) from error
    return part


def _host(part: SplitResult) -> str:
    host = part.hostname or ""
    return f"[{host}]" if ":" in host else host


def _require(right: bool, rule: str) -> None:
    if not right:
        raise _wrong(rule)


def _wrong(rule: str) -> InvalidInput:
    return InvalidInput("Alamat Elasticsearch (BUKTI_SEARCH_URL) salah: {rule}. Contoh: {form}", rule=rule, form=_FORM)
