"""A process of its own that asks for an access token: `python refreshing_process.py DATABASE SANDBOX ACCOUNT [kill]`.

Says `ready`, waits for a line, asks, prints the token (or the error's code). With `kill` it is killed by the machine
in the moment amoCRM's answer has come and nothing is stored yet.
"""

import os
import signal
import sys

from databases import VAULT
from orchestrator.adapters.amocrm import HttpAmocrm
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.database import open_database
from orchestrator.domain.errors import OrchestratorError
from orchestrator.services.refresh_token import RefreshToken


class KilledAfterTheAnswer(HttpAmocrm):
    def refresh(self, *args, **how):
        super().refresh(*args, **how)
        os.kill(os.getpid(), signal.SIGKILL)


def main(url: str, sandbox: str, account_id: str, fate: str = "") -> None:
    amocrm = (KilledAfterTheAnswer if fate == "kill" else HttpAmocrm)(base_url=sandbox)
    database = open_database(url, vault=VAULT)
    service = RefreshToken(
        database=database, amocrm=amocrm, clock=SystemClock(), owner=f"process {os.getpid()}", public_url="https://sync.example"
    )  # fmt: skip
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        print(service.access_token(int(account_id)).reveal(), flush=True)
    except OrchestratorError as error:
        print(error.code, flush=True)
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
