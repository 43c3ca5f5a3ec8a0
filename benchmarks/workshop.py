"""What has to lie ready before the clock starts: configurations, catalog, record lines, orders for the bare loops."""

from pathlib import Path
from typing import Any

import orjson

from benchmarks.processes import RECORD, STATE, connector, watch
from benchmarks.recording import recording
from benchmarks.results import NotMeasuredError
from benchmarks.sandbox_process import Sandbox

SOURCE, DESTINATION = "source-amocrm", "destination-unisender"
HOST, TOKEN, KEY, LIST = "demo.amocrm.ru", "sandbox-token", "sandbox-key", "amoCRM contacts"
STREAM = "contacts"


class Workshop:
    """Files of one sandbox in a folder of their own."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        paced = {
            "host": HOST,
            "base_url": sandbox.url,
            "start_date": "2015-01-01T00:00:00Z",
            "credentials": {"auth_type": "long_lived_token", "access_token": TOKEN},
        }
        self._paced_config = self._write("source-paced.json", paced)
        self.source_config = self._write("source.json", {**paced, "rate_limits": "off"})
        self.destination_config = self._write_destination(sandbox.url, "destination.json")
        self.catalog = self._write("catalog.json", self._configured_catalog())

    def read(self, *, paced: bool = False) -> list[str]:
        """The command line that reads contacts, at the vendor's pace or as fast as it can."""
        return [connector(SOURCE), *self.read_arguments(paced=paced)]

    def read_arguments(self, *, paced: bool = False) -> list[str]:
        config = self._paced_config if paced else self.source_config
        return ["read", "--config", str(config), "--catalog", str(self.catalog)]

    def write(self) -> list[str]:
        """The command line that writes contacts."""
        return [connector(DESTINATION), *self.write_arguments()]

    def write_arguments(self) -> list[str]:
        return ["write", "--config", str(self.destination_config), "--catalog", str(self.catalog)]

    def capture(self) -> "Captured":
        """Read all contacts once, keeping the lines a destination gets and the pages that were asked for."""
        since, cpu = self.sandbox.last_request(), self.sandbox.cpu_seconds()
        raw = self.folder / "everything.jsonl"
        with raw.open("wb") as everything:
            run = watch(self.read(), copy_to=everything)
        cpu = self.sandbox.cpu_seconds() - cpu
        if not run.lines:
            raise NotMeasuredError(f"{SOURCE} read no records")
        feed = self.folder / "records.jsonl"
        with raw.open("rb") as everything, feed.open("wb") as kept:
            kept.writelines(line for line in everything if line.startswith((RECORD, STATE)))
        raw.unlink()
        headers = {"Host": HOST, "Authorization": f"Bearer {TOKEN}"}
        orders = [
            {"url": f"{self.sandbox.url}{made['path']}?{made['query']}", "headers": headers}
            for made in self.sandbox.requests_made("amocrm", since=since)
            if made["method"] == "GET" and made["path"] == f"/api/v4/{STREAM}" and made["status"] == 200
        ]
        pages = self._write_lines("pages.jsonl", orders)
        return Captured(
            records=run.lines, feed=feed, pages=pages, orders=len(orders), first_page_seconds=cpu / len(orders)
        )

    def record_imports(self, feed: Path) -> Path:
        """Write once through a recording proxy; the file holds each call for the bare loop to repeat."""
        self.sandbox.reset()
        with recording(self.sandbox.url) as kept, feed.open("rb") as lines:
            config = self._write_destination(kept.url, "destination-recorded.json")
            command = [connector(DESTINATION), "write", "--config", str(config), "--catalog", str(self.catalog)]
            watch(command, count=STATE, stdin=lines)
        orders = [
            {"url": self.sandbox.url + call["path"], "values": call["values"], "rows": call["rows"]}
            for call in kept.calls
        ]
        return self._write_lines("imports.jsonl", orders)

    def _configured_catalog(self) -> dict[str, Any]:
        said = self.folder / "discover.jsonl"
        with said.open("wb") as out:
            watch([connector(SOURCE), "discover", "--config", str(self.source_config)], copy_to=out)
        for line in said.read_bytes().splitlines():
            if line.startswith(b'{"type":"CATALOG"'):
                known = {stream["name"]: stream for stream in orjson.loads(line)["catalog"]["streams"]}
                stream = known[STREAM]
                return {
                    "streams": [
                        {
                            "stream": stream,
                            "sync_mode": "incremental",
                            "destination_sync_mode": "append_dedup",
                            "cursor_field": stream["default_cursor_field"],
                            "primary_key": stream["source_defined_primary_key"],
                        }
                    ]
                }
        raise NotMeasuredError(f"{SOURCE} discover gave no CATALOG")

    def _write_destination(self, url: str, name: str) -> Path:
        return self._write(name, {"api_key": KEY, "base_url": url, "list": {"title": LIST}})

    def _write(self, name: str, body: Any) -> Path:
        path = self.folder / name
        path.write_bytes(orjson.dumps(body))
        return path

    def _write_lines(self, name: str, items: list[dict[str, Any]]) -> Path:
        path = self.folder / name
        path.write_bytes(b"".join(orjson.dumps(item) + b"\n" for item in items))
        return path


class Captured:
    """What one read left: `feed` holds RECORD and STATE lines, `pages` the orders of the bare reading loop.

    `first_page_seconds` is the server's CPU time per page that nobody had asked for before.
    """

    def __init__(self, *, records: int, feed: Path, pages: Path, orders: int, first_page_seconds: float) -> None:
        self.records = records
        self.feed = feed
        self.pages = pages
        self.orders = orders
        self.first_page_seconds = first_page_seconds

    def head(self, records: int) -> Path:
        """A file with the first records only, closed by the last STATE."""
        path = self.feed.with_name(f"records-{records}.jsonl")
        with self.feed.open("rb") as lines, path.open("wb") as kept:
            for line in lines:
                if records and line.startswith(RECORD):
                    kept.write(line)
                    records -= 1
                elif not records and line.startswith(STATE):
                    kept.write(line)
                    break
        return path
