"""What the client raises, as `SearchUnavailable` in words that say what to do; never with an address or a password."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from elastic_transport import TlsError
from elasticsearch import (
    ApiError,
    ConnectionError,
    ConnectionTimeout,
    SerializationError,
    TransportError,
    UnsupportedProductError,
)

from search.index import SearchUnavailable

_OPEN = "Daftar dokumen tetap dapat dibuka."
SLOW = f"Elasticsearch tidak menjawab pada waktunya; coba lagi sebentar lagi. {_OPEN}"
UNREACHABLE = f"Elasticsearch tidak dapat dihubungi: periksa apakah berjalan dan alamatnya benar. {_OPEN}"
CERTIFICATE = "Sertifikat Elasticsearch tidak dapat dipercaya: periksa https:// dan pilihan ca_certs."
LOGIN = "Elasticsearch menolak nama pengguna, kata sandi, atau kunci API."
RIGHTS = "Akun Elasticsearch tidak berhak atas indeks ini."
MISSING = "Indeks pencarian belum dibuat atau terhapus: jalankan `bukti rebuild-index`."
READ_ONLY = (
    "Indeks Elasticsearch terkunci hanya-baca, biasanya karena disk hampir penuh: kosongkan disk, lalu hapus setelan "
    "index.blocks.read_only_allow_delete."
)
BUSY = "Elasticsearch terlalu sibuk atau sebagian simpulnya mati; pekerjaan dicoba lagi nanti."
REFUSED = "Elasticsearch menolak sebagian entri ({reason}); dokumennya tetap menunggu diindeks."
REBUILT = "Indeks sedang dibangun ulang; dokumennya tetap menunggu diindeks."
STRANGE = "Yang menjawab di alamat itu bukan Elasticsearch 9."

_BLOCKED = "cluster_block_exception"


@contextmanager
def in_words() -> Iterator[None]:
    """Let no error of the client through but as `SearchUnavailable`."""
    try:
        yield
    except TlsError as error:
        raise SearchUnavailable(CERTIFICATE) from error
    except ConnectionTimeout as error:
        raise SearchUnavailable(SLOW) from error
    except ConnectionError as error:
        raise SearchUnavailable(UNREACHABLE) from error
    except ApiError as error:
        body = error.body if isinstance(error.body, Mapping) else {}
        raise SearchUnavailable(words_for(error.status_code, body.get("error"))) from error
    except (UnsupportedProductError, SerializationError) as error:
        raise SearchUnavailable(STRANGE) from error
    except TransportError as error:
        raise SearchUnavailable() from error


def words_for(status: int, error: Any) -> str:
    """The sentence for one refusal: of a whole request or of one item in it."""
    kind = str(error.get("type", "")) if isinstance(error, Mapping) else ""
    if status == 401:
        return LOGIN
    if kind == _BLOCKED and "read-only" in str(error):
        return READ_ONLY
    if status == 403:
        return RIGHTS
    if status == 404:
        return MISSING
    if status == 429 or status >= 500:
        return BUSY
    return REFUSED.format(reason=kind or status)
