"""The servers tests run against (integration_tests/processes/throwaway_servers.py) and the databases (fakes/databases.py)."""

from databases import database, database_url, migrated_mariadb, migrated_sqlite
from throwaway_servers import beanstalkd, mariadb_server, mariadb_url

__all__ = [
    "beanstalkd",
    "database",
    "database_url",
    "mariadb_server",
    "mariadb_url",
    "migrated_mariadb",
    "migrated_sqlite",
]
