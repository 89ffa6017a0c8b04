"""The address of an S3 bucket as an administrator writes it into the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.errors import InvalidInput
from evidence.files import open_files
from evidence.s3_bucket import Address
from evidence.settings import Settings


def test_an_address_names_server_key_bucket_and_region() -> None:
    address = Address.parse("s3+https://kunci:raha%2Fsia%40%3A@s3.kota.go.id:9000/bukti-2025?region=jakarta-1")
    assert address == Address(True, "s3.kota.go.id:9000", "kunci", "raha/sia@:", "bukti-2025", "jakarta-1")


def test_port_and_region_may_be_left_out() -> None:
    address = Address.parse("s3+http://k:r@[::1]/bukti")
    assert (address.secure, address.endpoint, address.region) == (False, "[::1]", "us-east-1")


@pytest.mark.parametrize(
    "url",
    [
        "https://kunci:rahasia@server/bukti",
        "s3://kunci:rahasia@server/bukti",
        "s3+https://server/bukti",
        "s3+https://kunci@server/bukti",
        "s3+https://kunci:rahasia@/bukti",
        "s3+https://kunci:rahasia@server",
        "s3+https://kunci:rahasia@server/bukti/folder",
        "s3+https://kunci:rahasia@server/Bukti_Dukung",
        "s3+https://kunci:raha/sia@server/bukti",
        "s3+https://kunci:rahasia@server:porta/bukti",
        "s3+https://kunci:rahasia@server/bukti?wilayah=x",
        "bukan alamat",
    ],
)
def test_a_wrong_address_is_refused_in_words_that_do_not_tell_the_secret(url: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="BUKTI_FILES_URL") as refused:
        open_files(Settings(data=tmp_path, files_url=url))
    assert "rahasia@" not in refused.value.message
