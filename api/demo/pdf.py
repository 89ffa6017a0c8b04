"""Makes the demonstration's PDF files: typeset, signed, scanned, locked and broken, each time byte by byte the same."""

from __future__ import annotations

import asyncio
import hashlib
import io
import random
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pikepdf
import typst
from asn1crypto.keys import PrivateKeyInfo
from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID
from PIL import Image, ImageChops
from pyhanko.pdf_utils.generic import ArrayObject, ByteStringObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import SignatureObject, cms_embedder
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko_certvalidator.registry import SimpleCertificateStore

SIGNED_AT = datetime(2024, 8, 19, 3, 15, tzinfo=UTC)
VALID_FROM, VALID_TO = datetime(2023, 1, 1, tzinfo=UTC), datetime(2043, 1, 1, tzinfo=UTC)
AUTHORITY = "CA Peragaan Bukti"
DIGEST = "sha512"  # the one Ed25519 signatures go with (RFC 8419)


def typeset(source: Path) -> bytes:
    """The PDF of a typst file. System fonts are left out, so that every machine makes the same bytes."""
    return bytes(typst.compile(source, ignore_system_fonts=True))


def scan(source: Path) -> bytes:
    """The PDF an office scanner makes: a grey picture of each page, a little skewed and noisy, and no text."""
    pages = typst.compile(source, ignore_system_fonts=True, format="png", ppi=150.0)
    pictures = [_scanned(page, seed) for seed, page in enumerate(pages if isinstance(pages, list) else [pages])]
    out = io.BytesIO()
    moment = datetime(2025, 2, 4, 2, 0, tzinfo=UTC).timetuple()
    pictures[0].save(
        out,
        "PDF",
        resolution=150.0,
        quality=72,
        save_all=True,
        append_images=pictures[1:],
        producer="Pemindai",
        creationDate=moment,
        modDate=moment,
    )
    return out.getvalue()


def _scanned(page: bytes, seed: int) -> Image.Image:
    picture = Image.open(io.BytesIO(page)).convert("L")
    picture = picture.rotate(0.7, resample=Image.Resampling.BICUBIC, fillcolor=255)
    dust = random.Random(seed).randbytes(picture.width * picture.height)  # noqa: S311 (only dust)
    grain = Image.frombytes("L", picture.size, dust).point(lambda level: 225 + level // 10)
    return ImageChops.multiply(picture, grain)


def lock(pdf: bytes, password: str) -> bytes:
    """Encrypt with a user password: with RC4, because AES draws random bytes and no two files would be the same."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        encryption = pikepdf.Encryption(owner=password, user=password, R=3, aes=False, metadata=False)
        opened.save(out, encryption=encryption, static_id=True)
    return out.getvalue()


def break_off(pdf: bytes) -> bytes:
    """What an interrupted upload leaves: the first bytes of a PDF, without a single whole page."""
    return pdf[:900]


class RepeatableWriter(IncrementalPdfFileWriter):
    """pyHanko stamps each file with now and a random ID, and offers no setting for either."""

    def _update_meta(self) -> None:
        """Leave the document's own metadata as they are."""

    @classmethod
    def _handle_id(cls, prev: PdfFileReader) -> ArrayObject:
        first, _ = prev.trailer["/ID"]
        return ArrayObject([first, ByteStringObject(hashlib.sha256(first.original_bytes).digest()[:16])])


def sign(pdf: bytes, name: str, reason: str) -> bytes:
    """A PAdES signature by `name` under the demonstration's own authority; keys and moment are fixed."""
    writer = RepeatableWriter(io.BytesIO(pdf))
    field = cms_embedder.PdfCMSEmbedder().write_cms(field_name="TandaTangan", writer=writer)
    next(field)
    seal = SignatureObject(
        timestamp=SIGNED_AT,
        name=name,
        reason=reason,
        location="Ranupane",
        subfilter=SigSeedSubFilter.PADES,
        bytes_reserved=8192,
    )
    field.send(cms_embedder.SigObjSetup(sig_placeholder=seal))
    prepared, out = field.send(cms_embedder.SigIOSetup(md_algorithm=DIGEST, in_place=True))
    signature = asyncio.run(
        _signer(name).async_sign(
            prepared.document_digest,
            DIGEST,
            use_pades=True,
            signed_attr_settings=PdfCMSSignedAttributes(),
        )
    )
    field.send(signature)
    return bytes(out.getvalue())


@cache
def authority() -> Certificate:
    """The root the demonstration signs under; nobody should trust it outside the demonstration."""
    return _certificate(AUTHORITY, serial=1, is_authority=True)


def _signer(name: str) -> signers.SimpleSigner:
    roots = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    roots.register(authority())
    secret = _key(name).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return signers.SimpleSigner(
        signing_cert=_certificate(name, serial=2, is_authority=False),
        signing_key=PrivateKeyInfo.load(secret),
        cert_registry=roots,
    )


def _key(owner: str) -> Ed25519PrivateKey:
    # Made from the owner's name: worthless as a secret, and the same on every machine.
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(owner.encode()).digest())


def _certificate(owner: str, serial: int, is_authority: bool) -> Certificate:
    usage = x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=not is_authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name(owner))
        .issuer_name(_name(AUTHORITY))
        .public_key(_key(owner).public_key())
        .serial_number(serial)
        .not_valid_before(VALID_FROM)
        .not_valid_after(VALID_TO)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(_key(AUTHORITY), None)
    )
    return Certificate.load(certificate.public_bytes(serialization.Encoding.DER))


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "ID"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Kota Ranupane (peragaan)"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
