"""The bucket on the S3 server: its address, its client, what it must have before files go in, its faults in words."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

import urllib3
from minio import Minio
from minio.commonconfig import ENABLED, Filter
from minio.error import InvalidResponseError, S3Error, ServerError
from minio.lifecycleconfig import (
    AbortIncompleteMultipartUpload,
    Expiration,
    LifecycleConfig,
    NoncurrentVersionExpiration,
    Rule,
)
from minio.versioningconfig import VersioningConfig
from urllib3.exceptions import HTTPError, SSLError

from evidence.errors import FilesUnavailable, InvalidInput, NotFound

DERIVED = "derived/"
# Pictures are painted again when somebody looks; line boxes are not made again and stay.
_PICTURES = f"{DERIVED}picture-"
_PICTURE_DAYS = 90

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_FORM = "s3+https://KUNCI:RAHASIA@server:port/bucket"
# What a server answers that does not know a feature, and what a key is answered that may not ask about it.
_UNKNOWN = frozenset({"NotImplemented", "MethodNotAllowed", "InvalidRequest", "XNotImplemented", "MalformedXML"})
_NO_LOCK = _UNKNOWN | {"ObjectLockConfigurationNotFoundError", "NoSuchObjectLockConfiguration", "InvalidBucketState"}
_FAULTS = {
    "NoSuchBucket": "bucket-nya tidak ada",
    "SignatureDoesNotMatch": "kunci rahasianya salah; perbaiki BUKTI_FILES_URL",
    "InvalidAccessKeyId": "kunci aksesnya tidak dikenal server; perbaiki BUKTI_FILES_URL",
    "AccessDenied": "kunci aksesnya tidak berhak; bandingkan haknya dengan deploy/s3-policy.json",
    "RequestTimeTooSkewed": "jam mesin ini dan jam server berbeda terlalu jauh; selaraskan keduanya (NTP)",
    "SlowDown": "server sedang kewalahan; coba lagi sebentar lagi",
}


@dataclass(frozen=True, slots=True)
class Address:
    secure: bool
    endpoint: str
    key: str
    secret: str
    bucket: str
    region: str

    @classmethod
    def parse(cls, url: str) -> Address:
        """Raises InvalidInput, which never quotes the address: it holds a secret."""
        try:
            parts = urlsplit(url)
            port, host = parts.port, parts.hostname or ""
        except ValueError as error:
            raise _bad("porta atau nama server salah") from error
        if parts.scheme not in ("s3+http", "s3+https"):
            raise _bad("awali dengan s3+https:// atau s3+http://")
        if not host or not parts.username or not parts.password:
            raise _bad("kunci, rahasia, atau nama server tidak ada")
        bucket = parts.path.strip("/")
        if not _NAME.fullmatch(bucket):
            raise _bad("nama bucket terdiri atas 3-63 huruf kecil, angka, titik, dan tanda hubung")
        options = parse_qs(parts.query, keep_blank_values=True)
        if options.keys() - {"region"} or parts.fragment:
            raise _bad("selain ?region=... tidak ada yang dapat ditambahkan")
        host = f"[{host}]" if ":" in host else host
        return cls(
            secure=parts.scheme == "s3+https",
            endpoint=f"{host}:{port}" if port else host,
            key=unquote(parts.username),
            secret=unquote(parts.password),
            bucket=bucket,
            region=options.get("region", [""])[-1] or "us-east-1",
        )


class Bucket:
    """`prepare` before the first write; `look` at any time."""

    def __init__(self, address: Address, must_lock: bool) -> None:
        self.name = address.bucket
        self.place = f"S3 {address.endpoint}/{address.bucket}"
        self._must_lock = must_lock
        self._preparing = threading.Lock()
        self._ready = False
        self.client = Minio(
            endpoint=address.endpoint,
            access_key=address.key,
            secret_key=address.secret,
            secure=address.secure,
            region=address.region,
            http_client=urllib3.PoolManager(
                maxsize=20,
                timeout=urllib3.Timeout(connect=3, read=60),
                retries=urllib3.Retry(
                    total=3,
                    connect=1,
                    backoff_factor=0.2,
                    status_forcelist=(500, 502, 503, 504),
                    raise_on_status=False,
                ),
            ),
        )

    def prepare(self) -> None:
        """Once per process: the bucket exists, keeps old versions, locks originals where asked, and forgets pictures.

        What the server does not know it need not have, except a lock that the settings ask for.
        """
        if self._ready:
            return
        with self._preparing:
            if not self._ready:
                self.look()
                self._ready = True

    def look(self) -> str:
        """Make what is missing; what the bucket has and lacks, in words."""
        with in_words(self.place):
            versioned = self._versioned()
            locked = versioned and self._locked()
            forgetting = self._forgetting()
        if self._must_lock and not locked:
            raise FilesUnavailable(
                detail=f"{self.place} tidak mengenal kunci objek, padahal BUKTI_FILES_RETENTION_DAYS diisi; "
                "pakai bucket yang dibuat dengan object lock, atau kosongkan setelan itu"
            )
        lacks = (("versi objek", versioned), ("kunci objek", locked), ("penghapusan gambar lama", forgetting))
        missing = [name for name, there in lacks if not there]
        return self.place + (f"; tanpa {', '.join(missing)}" if missing else "")

    def _versioned(self) -> bool:
        try:
            status = self.client.get_bucket_versioning(bucket_name=self.name).status
        except S3Error as error:
            if error.code == "NoSuchBucket":
                self._make()
                return self._versioned()
            # Asking for the versions is a right of its own; without it the bucket at least must be there.
            if error.code not in _UNKNOWN | {"AccessDenied"}:
                raise
            if not self.client.bucket_exists(bucket_name=self.name):
                self._make()
            return False
        return status == ENABLED or _done(
            lambda: self.client.set_bucket_versioning(bucket_name=self.name, config=VersioningConfig(status=ENABLED))
        )

    def _make(self) -> None:
        try:
            self._make_bucket(object_lock=True)
        except S3Error as error:
            if error.code not in _UNKNOWN:
                raise
            self._make_bucket(object_lock=False)

    def _make_bucket(self, object_lock: bool) -> None:
        try:
            self.client.make_bucket(bucket_name=self.name, object_lock=object_lock)
        except S3Error as error:
            if error.code == "AccessDenied":
                raise FilesUnavailable(
                    detail=f"{self.place}: bucket-nya belum ada dan kunci aksesnya tidak berhak membuatnya"
                ) from error
            if error.code != "BucketAlreadyOwnedByYou":  # another process was faster
                raise

    def _locked(self) -> bool:
        try:
            self.client.get_object_lock_config(bucket_name=self.name)
        except S3Error as error:
            if error.code in _NO_LOCK | {"AccessDenied"}:
                return False
            raise
        return True

    def _forgetting(self) -> bool:
        """Rules of others in the same bucket stay."""
        wanted = _rules()
        try:
            current = self.client.get_bucket_lifecycle(bucket_name=self.name)
        except S3Error as error:
            if error.code in _UNKNOWN | {"AccessDenied"}:
                return False
            raise
        rules = current.rules if current else []
        if {rule.rule_id for rule in wanted} <= {rule.rule_id for rule in rules}:
            return True
        kept = [rule for rule in rules if rule.rule_id not in {rule.rule_id for rule in wanted}]
        config = LifecycleConfig(rules=[*kept, *wanted])
        return _done(lambda: self.client.set_bucket_lifecycle(bucket_name=self.name, config=config))


def _rules() -> list[Rule]:
    return [
        Rule(
            rule_id="bukti-pictures",
            status=ENABLED,
            rule_filter=Filter(prefix=_PICTURES),
            expiration=Expiration(days=_PICTURE_DAYS),
        ),
        Rule(
            rule_id="bukti-derived-versions",
            status=ENABLED,
            rule_filter=Filter(prefix=DERIVED),
            noncurrent_version_expiration=NoncurrentVersionExpiration(noncurrent_days=1),
        ),
        Rule(
            rule_id="bukti-broken-uploads",
            status=ENABLED,
            rule_filter=Filter(prefix="blobs/"),
            abort_incomplete_multipart_upload=AbortIncompleteMultipartUpload(days_after_initiation=1),
        ),
    ]


def _done(act: Callable[[], None]) -> bool:
    try:
        act()
    except S3Error as error:
        if error.code in _UNKNOWN | {"AccessDenied"}:
            return False
        raise
    return True


def _bad(reason: str) -> InvalidInput:
    return InvalidInput(
        "BUKTI_FILES_URL tidak dapat dibaca: {reason}. Bentuknya {form}, tanda khusus pada kunci dan "
        "rahasia ditulis sebagai %XX.",
        reason=reason,
        form=_FORM,
    )


@contextmanager
def in_words(place: str) -> Iterator[None]:
    """The client's errors as ours: NotFound for an object that is not there, else FilesUnavailable."""
    try:
        yield
    except S3Error as error:
        if error.code == "NoSuchKey":
            raise NotFound() from error
        fault = _FAULTS.get(error.code or "", f"server menjawab {error.code} ({error.message})")
        raise FilesUnavailable(detail=f"{place}: {fault}") from error
    except (ServerError, InvalidResponseError) as error:
        raise FilesUnavailable(detail=f"{place}: server tidak menjawab sebagai server S3") from error
    except HTTPError as error:
        reason = getattr(error, "reason", None) or error
        if isinstance(reason, SSLError):
            fault = "sambungan TLS gagal; periksa sertifikatnya, atau s3+http dan s3+https tertukar"
        else:
            fault = "tidak terjangkau; periksa alamatnya dan apakah servernya berjalan"
        raise FilesUnavailable(detail=f"{place}: {fault}") from error
