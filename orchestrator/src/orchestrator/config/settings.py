"""Every setting there is, typed. The fields' defaults and descriptions are the one truth that defaults.yaml, the JSON
schema and docs/configuration.md are made from.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field

from orchestrator.config.connections import ConnectionEntry, ConnectionRules
from orchestrator.config.kinds import (
    DatabaseUrl,
    FilePath,
    HttpUrl,
    LongSecret,
    Part,
    Password,
    PublicUrl,
    QueueUrl,
    SecretText,
)
from orchestrator.domain.access import Scope
from orchestrator.domain.secret import Secret
from orchestrator.domain.wording import Language


class DatabaseSettings(Part):
    """Where everything is kept."""

    url: DatabaseUrl | None = Field(
        default=None,
        description="`mysql+pymysql://user:password@host/database` (MySQL 8.4, MariaDB 10.6 or newer) or"
        " `sqlite:///file`; null: SQLite in the data folder. Use `!secret`.",
    )
    pool_size: int = Field(default=10, ge=1, le=200, description="Most connections of one process.")


class QueueSettings(Part):
    """The doorbell between webhooks and workers."""

    url: QueueUrl = Field(
        default="embedded",
        description="`embedded` (everything in one `orchestrator up`) or `beanstalk://host:11300`.",
    )


class SecuritySettings(Part):
    """Keys of the service itself."""

    encryption_keys: tuple[LongSecret, ...] = Field(
        default=(),
        description="Keys that encrypt secrets in the database, the newest first; at least one. Use `!secret`.",
    )
    admin_password: Password | None = Field(
        default=None,
        description="Password of the pages, or an argon2id hash of it (`orchestrator keys hash-password`); null: the"
        " pages are off. Use `!secret`.",
    )


class TokenEntry(Part):
    """One program that may call the API."""

    name: str = Field(min_length=1, max_length=100, description="Who it is; appears in the audit log.")
    token: LongSecret = Field(description="The bearer token. Use `!secret`.")
    scopes: tuple[Scope, ...] = Field(
        default=(Scope.READ,), min_length=1, description="`read`, `write` or `admin`; each includes the ones before."
    )


class HttpSettings(Part):
    """Webhooks, API and pages."""

    host: str = Field(default="127.0.0.1", min_length=1, description="Address to listen on.")
    port: int = Field(default=8901, ge=1, le=65535, description="Port to listen on.")
    tokens: tuple[TokenEntry, ...] = Field(default=(), description="Who may call the HTTP and gRPC API.")
    threads: int = Field(
        default=8, ge=1, le=100, description="Calls worked on at once; each may hold a connection of the pool."
    )
    trusted_proxies: str = Field(
        default="127.0.0.1", description="Whose X-Forwarded-For is believed: addresses or networks, by comma."
    )
    open_metrics: bool = Field(default=False, description="Whether /metrics asks for no token.")


class GrpcSettings(Part):
    """The gRPC API."""

    enabled: bool = Field(default=False, description="Whether it is served.")
    host: str = Field(default="127.0.0.1", min_length=1, description="Address to listen on.")
    port: int = Field(default=8902, ge=1, le=65535, description="Port to listen on.")
    certificate: FilePath | None = Field(default=None, description="PEM file of the TLS certificate; null: no TLS.")
    key: FilePath | None = Field(default=None, description="PEM file of the certificate's private key.")


class WebhookSettings(Part):
    """How calls of amoCRM are taken."""

    debounce_seconds: float = Field(
        default=0.25, ge=0, le=60, description="How long changes gather before they are sent; the first one counts."
    )
    body_limit_bytes: int = Field(default=10_000_000, ge=1_000, description="Larger bodies are refused.")
    database_wait_seconds: float = Field(
        default=1.2, gt=0, le=1.8,
        description="How long a hook waits for the database before it is kept in a file; amoCRM waits two seconds.",
    )  # fmt: skip
    journal_days: int = Field(default=14, ge=1, le=3650, description="How long hooks are kept as they came.")
    watch_minutes: float = Field(
        default=15, gt=0, le=1440, description="How often the subscriptions at amoCRM are looked at."
    )


class WorkerSettings(Part):
    """How much is done at once."""

    processes: int = Field(default=1, ge=1, le=64, description="Worker processes of `orchestrator up` and `worker`.")
    realtime_threads: int = Field(default=2, ge=1, le=64, description="Threads of a process for live changes.")
    bulk_threads: int = Field(default=1, ge=1, le=64, description="Threads of a process for everything else.")
    slice_seconds: float = Field(
        default=60, ge=1, le=3600, description="How long a bulk sync works before others that wait get their turn."
    )
    heartbeat_seconds: float = Field(default=10, gt=0, le=60, description="How often a worker says that it is alive.")
    lease_seconds: float = Field(
        default=25, gt=0, le=600, description="How long a silent worker keeps its sync: more than two heartbeats."
    )


class ContainerSettings(Part):
    """For connections with `runner: container`."""

    command: str = Field(default="docker", min_length=1, description="`docker`, `podman` or the path of one.")
    images: dict[str, str] = Field(
        default={}, description="Image of each connector, by name; others are taken from the bundle's metadata.yaml."
    )
    network: str | None = Field(default=None, min_length=1, description="Network the containers join.")


class AirbyteSettings(Part):
    """For connections with `runner: airbyte`."""

    url: HttpUrl | None = Field(default=None, description="Address of the instance's public API.")
    client_id: str | None = Field(default=None, description="An application's client id.")
    client_secret: SecretText | None = Field(default=None, description="The application's secret. Use `!secret`.")
    token: SecretText | None = Field(default=None, description="An access token instead of an application.")
    workspace_id: str | None = Field(default=None, description="The workspace of the connections.")


class RunnerSettings(Part):
    """Where connectors run."""

    container: ContainerSettings = ContainerSettings()
    airbyte: AirbyteSettings = AirbyteSettings()


class VendorSettings(Part):
    """How amoCRM and Unisender are reached."""

    amocrm_url: HttpUrl | None = Field(
        default=None, description="One address for all accounts instead of their own hosts: an emulator's."
    )
    unisender_url: HttpUrl | None = Field(default=None, description="Another address of Unisender: an emulator's.")
    rate_limits: bool = Field(default=True, description="Keep to the vendors' limits; only an emulator bears false.")
    requests_per_second: float = Field(
        default=7, gt=0, le=7, description="Most requests a second to one amoCRM account; amoCRM allows 7."
    )
    connect_timeout: float = Field(default=10, gt=0, le=300, description="Seconds to wait for a connection.")
    read_timeout: float = Field(default=40, gt=0, le=600, description="Seconds to wait for an answer.")


class IntegrationEntry(Part):
    """An amoCRM integration accounts are linked by."""

    name: str = Field(min_length=1, max_length=100, description="Our name of it, unique.")
    client_id: str = Field(min_length=1, description="Integration ID of its keys tab.")
    client_secret: SecretText = Field(description="Secret key of its keys tab. Use `!secret`.")
    redirect_uri: HttpUrl | None = Field(
        default=None, description="Redirect URI as written there; null: public_url and /oauth/callback."
    )
    zone: Literal["amocrm.ru", "amocrm.com", "kommo.com"] = Field(
        default="amocrm.ru", description="Where consent is asked: `amocrm.ru`, `amocrm.com`, `kommo.com`."
    )


class LoggingSettings(Part):
    """What is logged to standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="`debug`, `info`, `warning` or `error`."
    )
    format: Literal["auto", "text", "json"] = Field(
        default="auto", description="`text` for people, `json` for machines, `auto`: text on a terminal."
    )


class Settings(Part):
    """The configuration file."""

    public_url: PublicUrl | None = Field(
        default=None,
        description="Address under which amoCRM and Unisender reach this service: https, or http on this machine;"
        " null: http://127.0.0.1 and http.port.",
    )
    data_folder: FilePath = Field(
        default=Path("orchestrator-data"), description="Folder of everything that is kept on this machine."
    )
    language: Language | None = Field(
        default=None, description="Language of commands and pages: `ru` or `en`; null: as LANG says."
    )
    database: DatabaseSettings = DatabaseSettings()
    queue: QueueSettings = QueueSettings()
    security: SecuritySettings = SecuritySettings()
    http: HttpSettings = HttpSettings()
    grpc: GrpcSettings = GrpcSettings()
    webhooks: WebhookSettings = WebhookSettings()
    workers: WorkerSettings = WorkerSettings()
    runners: RunnerSettings = RunnerSettings()
    vendors: VendorSettings = VendorSettings()
    integrations: tuple[IntegrationEntry, ...] = Field(
        default=(), description="amoCRM integrations accounts are linked by."
    )
    connection_defaults: ConnectionRules = ConnectionRules()
    connections: tuple[ConnectionEntry, ...] = Field(
        default=(), description="Connections that are managed here rather than in the database."
    )
    logging: LoggingSettings = LoggingSettings()

    @property
    def address(self) -> str:
        """Under which others reach this service."""
        return self.public_url or f"http://127.0.0.1:{self.http.port}"

    @property
    def database_url(self) -> Secret:
        """SQLAlchemy URL; it may hold a password."""
        return self.database.url or Secret(f"sqlite:///{self.data_folder / 'orchestrator.db'}")
