"""The servers tests run against; see integration_tests/processes/throwaway_servers.py."""

from throwaway_servers import beanstalkd, mariadb_server, mariadb_url

__all__ = ["beanstalkd", "mariadb_server", "mariadb_url"]
