"""The bare handler that taking webhooks is measured against: FastAPI, and each body as a row of its own.

Run as a script: `python -m benchmarks.bare_hooks PORT DATABASE_URL`. It decides nothing, looks nothing up and rings for
nobody: a floor.
"""

import sys

import uvicorn
from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse
from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, create_engine, insert

POOL = 10
MEDIUM = 2**24 - 1

bodies = Table(
    "bodies", MetaData(), Column("id", Integer, primary_key=True), Column("body", LargeBinary(MEDIUM), nullable=False)
)


def make_app(url: str) -> FastAPI:
    engine = create_engine(url, pool_size=POOL, max_overflow=0)
    bodies.metadata.create_all(engine)
    app = FastAPI()

    def keep(body: bytes) -> None:
        with engine.begin() as connection:
            connection.execute(insert(bodies), {"body": body})

    @app.post("/hook")
    async def take(request: Request) -> PlainTextResponse:
        await run_in_threadpool(keep, await request.body())
        return PlainTextResponse("ok")

    @app.get("/healthz")
    async def is_alive() -> PlainTextResponse:
        return PlainTextResponse("ok")

    return app


if __name__ == "__main__":
    uvicorn.run(make_app(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
