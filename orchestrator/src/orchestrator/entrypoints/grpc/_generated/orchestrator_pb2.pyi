import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AccountStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACCOUNT_STATUS_UNSPECIFIED: _ClassVar[AccountStatus]
    ACCOUNT_STATUS_PENDING: _ClassVar[AccountStatus]
    ACCOUNT_STATUS_ACTIVE: _ClassVar[AccountStatus]
    ACCOUNT_STATUS_NEEDS_REAUTH: _ClassVar[AccountStatus]
    ACCOUNT_STATUS_DISABLED: _ClassVar[AccountStatus]
    ACCOUNT_STATUS_UNLINKING: _ClassVar[AccountStatus]
    ACCOUNT_STATUS_UNLINKED: _ClassVar[AccountStatus]

class UnlinkMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UNLINK_MODE_UNSPECIFIED: _ClassVar[UnlinkMode]
    UNLINK_MODE_KEEP: _ClassVar[UnlinkMode]
    UNLINK_MODE_EXCLUDE: _ClassVar[UnlinkMode]
    UNLINK_MODE_ERASE: _ClassVar[UnlinkMode]

class SyncKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SYNC_KIND_UNSPECIFIED: _ClassVar[SyncKind]
    SYNC_KIND_BACKFILL: _ClassVar[SyncKind]
    SYNC_KIND_INCREMENTAL: _ClassVar[SyncKind]
    SYNC_KIND_REALTIME: _ClassVar[SyncKind]
    SYNC_KIND_DEEP: _ClassVar[SyncKind]

class SyncStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SYNC_STATUS_UNSPECIFIED: _ClassVar[SyncStatus]
    SYNC_STATUS_QUEUED: _ClassVar[SyncStatus]
    SYNC_STATUS_RUNNING: _ClassVar[SyncStatus]
    SYNC_STATUS_WAITING: _ClassVar[SyncStatus]
    SYNC_STATUS_DONE: _ClassVar[SyncStatus]
    SYNC_STATUS_FAILED: _ClassVar[SyncStatus]
    SYNC_STATUS_CANCELLED: _ClassVar[SyncStatus]
ACCOUNT_STATUS_UNSPECIFIED: AccountStatus
ACCOUNT_STATUS_PENDING: AccountStatus
ACCOUNT_STATUS_ACTIVE: AccountStatus
ACCOUNT_STATUS_NEEDS_REAUTH: AccountStatus
ACCOUNT_STATUS_DISABLED: AccountStatus
ACCOUNT_STATUS_UNLINKING: AccountStatus
ACCOUNT_STATUS_UNLINKED: AccountStatus
UNLINK_MODE_UNSPECIFIED: UnlinkMode
UNLINK_MODE_KEEP: UnlinkMode
UNLINK_MODE_EXCLUDE: UnlinkMode
UNLINK_MODE_ERASE: UnlinkMode
SYNC_KIND_UNSPECIFIED: SyncKind
SYNC_KIND_BACKFILL: SyncKind
SYNC_KIND_INCREMENTAL: SyncKind
SYNC_KIND_REALTIME: SyncKind
SYNC_KIND_DEEP: SyncKind
SYNC_STATUS_UNSPECIFIED: SyncStatus
SYNC_STATUS_QUEUED: SyncStatus
SYNC_STATUS_RUNNING: SyncStatus
SYNC_STATUS_WAITING: SyncStatus
SYNC_STATUS_DONE: SyncStatus
SYNC_STATUS_FAILED: SyncStatus
SYNC_STATUS_CANCELLED: SyncStatus

class Account(_message.Message):
    __slots__ = ("id", "amocrm_id", "host", "name", "status", "webhooks", "linked_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    AMOCRM_ID_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    WEBHOOKS_FIELD_NUMBER: _ClassVar[int]
    LINKED_AT_FIELD_NUMBER: _ClassVar[int]
    id: int
    amocrm_id: int
    host: str
    name: str
    status: AccountStatus
    webhooks: bool
    linked_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[int] = ..., amocrm_id: _Optional[int] = ..., host: _Optional[str] = ..., name: _Optional[str] = ..., status: _Optional[_Union[AccountStatus, str]] = ..., webhooks: _Optional[bool] = ..., linked_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Sync(_message.Message):
    __slots__ = ("id", "account_id", "connection_id", "kind", "trigger", "status", "counts", "failure", "failure_text", "created_at", "started_at", "finished_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    CONNECTION_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    FAILURE_TEXT_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    FINISHED_AT_FIELD_NUMBER: _ClassVar[int]
    id: int
    account_id: int
    connection_id: int
    kind: SyncKind
    trigger: str
    status: SyncStatus
    counts: Counts
    failure: str
    failure_text: str
    created_at: _timestamp_pb2.Timestamp
    started_at: _timestamp_pb2.Timestamp
    finished_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[int] = ..., account_id: _Optional[int] = ..., connection_id: _Optional[int] = ..., kind: _Optional[_Union[SyncKind, str]] = ..., trigger: _Optional[str] = ..., status: _Optional[_Union[SyncStatus, str]] = ..., counts: _Optional[_Union[Counts, _Mapping]] = ..., failure: _Optional[str] = ..., failure_text: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., finished_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Counts(_message.Message):
    __slots__ = ("read", "sent", "delivered", "unchanged", "unsynced", "removed", "total")
    READ_FIELD_NUMBER: _ClassVar[int]
    SENT_FIELD_NUMBER: _ClassVar[int]
    DELIVERED_FIELD_NUMBER: _ClassVar[int]
    UNCHANGED_FIELD_NUMBER: _ClassVar[int]
    UNSYNCED_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    read: int
    sent: int
    delivered: int
    unchanged: int
    unsynced: int
    removed: int
    total: int
    def __init__(self, read: _Optional[int] = ..., sent: _Optional[int] = ..., delivered: _Optional[int] = ..., unchanged: _Optional[int] = ..., unsynced: _Optional[int] = ..., removed: _Optional[int] = ..., total: _Optional[int] = ...) -> None: ...

class ListAccountsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListAccountsResponse(_message.Message):
    __slots__ = ("accounts",)
    ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    accounts: _containers.RepeatedCompositeFieldContainer[Account]
    def __init__(self, accounts: _Optional[_Iterable[_Union[Account, _Mapping]]] = ...) -> None: ...

class GetAccountRequest(_message.Message):
    __slots__ = ("account_id",)
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    account_id: int
    def __init__(self, account_id: _Optional[int] = ...) -> None: ...

class UnlinkAccountRequest(_message.Message):
    __slots__ = ("account_id", "mode")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    account_id: int
    mode: UnlinkMode
    def __init__(self, account_id: _Optional[int] = ..., mode: _Optional[_Union[UnlinkMode, str]] = ...) -> None: ...

class StartSyncRequest(_message.Message):
    __slots__ = ("connection_id", "kind")
    CONNECTION_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    connection_id: int
    kind: SyncKind
    def __init__(self, connection_id: _Optional[int] = ..., kind: _Optional[_Union[SyncKind, str]] = ...) -> None: ...

class GetSyncRequest(_message.Message):
    __slots__ = ("sync_id",)
    SYNC_ID_FIELD_NUMBER: _ClassVar[int]
    sync_id: int
    def __init__(self, sync_id: _Optional[int] = ...) -> None: ...

class WatchSyncRequest(_message.Message):
    __slots__ = ("sync_id",)
    SYNC_ID_FIELD_NUMBER: _ClassVar[int]
    sync_id: int
    def __init__(self, sync_id: _Optional[int] = ...) -> None: ...
