"""The servers tests run against (integration_tests/processes/throwaway_servers.py) and what fakes/ have ready."""

from sandboxes import sandbox_server

from databases import database, database_url, migrated_mariadb, migrated_sqlite
from small_service import small
from throwaway_servers import beanstalkd, mariadb_server, mariadb_url

__all__ = [
    "beanstalkd",
    "database",
    "database_url",
    "mariadb_server",
    "mariadb_url",
    "migrated_mariadb",
    "migrated_sqlite",
    "sandbox_server",
    "small",
]
