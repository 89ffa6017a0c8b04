"""A look at the broker: which server, whose clock; its faults in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from amqp.exceptions import AccessRefused, AMQPError, NotAllowed  # type: ignore[import-untyped]
from kombu.connection import Connection
from kombu.exceptions import OperationalError

from evidence.errors import BuktiError, InvalidInput

_OLDEST_REDIS = 6
_SECONDS = 3


class BrokerUnavailable(BuktiError):
    code = "broker"
    message = "Broker pesan tidak dapat dipakai: {detail}."


@dataclass(frozen=True, slots=True)
class BrokerState:
    """`clock` is None where the broker does not tell the time."""

    server: str
    clock: datetime | None = None


def check_broker(url: str) -> BrokerState:
    """Raises BrokerUnavailable, InvalidInput."""
    try:
        parts = urlsplit(url)
        place = f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
    except ValueError as error:
        raise InvalidInput("BUKTI_BROKER_URL tidak dapat dibaca.") from error
    if parts.scheme in ("redis", "rediss"):
        return _check_redis(url, place)
    if parts.scheme in ("amqp", "amqps"):
        return _check_amqp(url, place)
    raise InvalidInput("BUKTI_BROKER_URL diawali redis://, rediss://, amqp://, atau amqps://.")


def _check_redis(url: str, place: str) -> BrokerState:
    try:
        import redis
    except ImportError as error:  # the client is an extra; RabbitMQ needs none
        raise BrokerUnavailable(detail="paket redis belum dipasang (sh deploy/setup.sh)") from error

    try:
        with redis.Redis.from_url(url, socket_connect_timeout=_SECONDS, socket_timeout=_SECONDS) as client:
            facts = client.info()
            seconds, micros = client.time()
    except redis.AuthenticationError as error:
        raise BrokerUnavailable(
            detail=f"{place}: kata sandi salah atau tidak ada; perbaiki BUKTI_BROKER_URL"
        ) from error
    except redis.ResponseError as error:
        raise BrokerUnavailable(detail=f"{place}: {error}; periksa hak penggunanya dan nomor basis datanya") from error
    except redis.RedisError as error:
        raise BrokerUnavailable(detail=_unreachable(place)) from error
    except ValueError as error:
        raise InvalidInput("BUKTI_BROKER_URL tidak dapat dibaca.") from error
    version = str(facts["redis_version"])
    if int(version.partition(".")[0]) < _OLDEST_REDIS:
        raise BrokerUnavailable(detail=f"Redis {version} terlalu lama; perlu versi {_OLDEST_REDIS} atau lebih baru")
    if facts["role"] != "master":
        raise BrokerUnavailable(detail=f"{place} hanya salinan (replica); arahkan ke server utama")
    return BrokerState(f"Redis {version}", datetime.fromtimestamp(seconds + micros / 1e6, UTC))


def _check_amqp(url: str, place: str) -> BrokerState:
    try:
        with Connection(url, connect_timeout=_SECONDS) as connection:  # type: ignore[no-untyped-call]
            facts = connection.connection.server_properties
            return BrokerState(f"{facts.get('product', 'AMQP')} {facts.get('version', '')}".rstrip())
    except AccessRefused as error:
        raise BrokerUnavailable(detail=f"{place}: nama pengguna atau kata sandi salah") from error
    except NotAllowed as error:
        raise BrokerUnavailable(detail=f"{place}: vhost tidak ada, atau penggunanya tidak berhak") from error
    except (OperationalError, AMQPError, OSError) as error:
        raise BrokerUnavailable(detail=_unreachable(place)) from error


def _unreachable(place: str) -> str:
    return f"{place} tidak terjangkau; periksa alamatnya dan apakah servernya berjalan"
