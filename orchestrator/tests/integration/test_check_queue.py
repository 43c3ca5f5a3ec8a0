"""Whoever runs the queue is told when it would forget, and no longer once it does not."""

import pytest

from fleet import Fleet
from linked import VAULT_KEY
from orchestrator.adapters.beanstalk import BeanstalkDoorbell
from orchestrator.adapters.database import open_database
from orchestrator.adapters.embedded_doorbell import EmbeddedDoorbell
from orchestrator.adapters.vault import Vault
from orchestrator.domain.errors import RetryableError
from orchestrator.domain.repair import RepairCode
from orchestrator.services.check_queue import CheckQueue
from throwaway_servers import running_beanstalkd


@pytest.fixture
def fleet(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/fleet.db", vault=Vault([VAULT_KEY]))
    database.migrate()
    yield Fleet(database=database)
    database.close()


def check(fleet: Fleet) -> None:
    CheckQueue(database=fleet.database, doorbell=fleet.doorbell, clock=fleet.clock).run()


def test_beanstalkd_without_a_binlog_is_a_repair_that_names_it_until_it_has_one(fleet: Fleet) -> None:
    with running_beanstalkd(binlog=False) as forgetful, running_beanstalkd() as durable:
        fleet.doorbell = BeanstalkDoorbell([forgetful.url, durable.url])
        check(fleet)

        with fleet.database.begin() as tx:
            [repair] = tx.repairs.open_ones()
        assert repair.code is RepairCode.QUEUE_NOT_DURABLE
        assert repair.facts["detail"] == f"127.0.0.1:{forgetful.port}"
        fleet.doorbell.close()

        fleet.doorbell = BeanstalkDoorbell([durable.url])
        check(fleet)
        fleet.doorbell.close()
    assert fleet.repairs() == set()


def test_a_queue_that_is_away_says_nothing_of_itself(fleet: Fleet) -> None:
    with running_beanstalkd(binlog=False) as server:
        fleet.doorbell = BeanstalkDoorbell([server.url])
    with pytest.raises(RetryableError):
        check(fleet)

    assert fleet.repairs() == set()


def test_the_embedded_doorbell_is_nobodys_repair(fleet: Fleet) -> None:
    fleet.doorbell = EmbeddedDoorbell()
    check(fleet)

    assert fleet.repairs() == set()
