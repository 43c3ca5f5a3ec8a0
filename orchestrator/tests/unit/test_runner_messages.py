"""Lines in pieces, lines that are nothing, and never more on the way than there is room for."""

import json
import os
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.adapters.runners.belt import Batch, Belt
from orchestrator.adapters.runners.ends import Ends
from orchestrator.adapters.runners.protocol import BrokenMessageError, dump, parse
from orchestrator.adapters.runners.talk import Talk
from orchestrator.domain.failure import Failure
from orchestrator.domain.secret import Secret


class Silent:
    """A child whose ends we hold ourselves."""

    connector = "stub"

    def __init__(self) -> None:
        self.ends = Ends(fed=True)
        with self.ends.handing_over() as theirs:
            self.theirs = [os.dup(end) for end in theirs]

    def terminate(self) -> None: ...

    def kill(self) -> None: ...

    def wait(self, seconds: float) -> int | None:
        return 0

    def excuse(self, code: int) -> Failure | None:
        return None

    def close(self) -> None:
        self.ends.close()
        for end in self.theirs:
            os.close(end)


messages = st.lists(st.builds(lambda note: {"type": "RECORD", "note": note}, st.text(max_size=30)), max_size=12)


@given(wanted=messages, stray=st.sampled_from([b"", b"Downloading\n", b"\n\n", b"{not json\n"]), data=st.data())
def test_messages_are_the_same_however_the_pipe_cuts_them(
    wanted: Sequence[dict[str, Any]], stray: bytes, data: st.DataObject
) -> None:
    said = stray + b"".join(json.dumps(one).encode() + b"\n" + stray for one in wanted)
    if data.draw(st.booleans()):
        said = said.rstrip(b"\n")  # a last line may go without its end
    cuts = sorted(data.draw(st.lists(st.integers(0, len(said)), max_size=6)))
    child = Silent()
    talk = Talk(child, label="test")
    heard = []
    try:
        for start, end in zip([0, *cuts], [*cuts, len(said)], strict=True):
            os.write(child.theirs[1], said[start:end])
            heard += talk.hear(0) or []
        os.close(child.theirs.pop(1))
        while (more := talk.hear(1)) is not None:
            heard += more
    finally:
        talk.close()

    assert heard == list(wanted)


@given(line=st.binary(max_size=60))
def test_any_line_is_a_message_or_nothing_or_a_broken_one(line: bytes) -> None:
    try:
        message = parse(line)
    except BrokenMessageError:
        assert b"RECORD" in line or b"STATE" in line
    else:
        assert message is None or isinstance(message["type"], str)


def test_a_record_cut_short_is_not_taken_for_a_stray_line() -> None:
    whole = json.dumps({"type": "RECORD", "record": {"stream": "contacts", "data": {"id": 1}}}).encode()

    assert parse(whole) is not None
    for length in range(len('{"type": "RECORD"'), len(whole)):
        with pytest.raises(BrokenMessageError):
            parse(whole[:length])


def test_more_than_a_pipe_holds_is_said_while_we_listen() -> None:
    child = Silent()
    talk = Talk(child, label="test")
    wanted = os.urandom(3 << 20)
    talk.say(wanted)
    taken: list[bytes] = []

    def take() -> None:
        while sum(map(len, taken)) < len(wanted):
            taken.append(os.read(child.theirs[0], 1 << 16))
        os.write(child.theirs[1], b'{"type":"DONE"}\n')

    thread = threading.Thread(target=take)
    thread.start()
    try:
        while not (heard := talk.hear(5)):
            pass
        thread.join()
    finally:
        talk.close()

    assert heard == [{"type": "DONE"}]
    assert b"".join(taken) == wanted


def test_secrets_are_opened_on_their_way_to_the_connector_and_only_there() -> None:
    assert json.loads(dump({"api_key": Secret("the-key"), "deep": [{"token": Secret("t")}]})) == {
        "api_key": "the-key",
        "deep": [{"token": "t"}],
    }


def test_the_belt_takes_no_more_than_it_has_room_for_but_one_batch_of_any_size() -> None:
    belt = Belt(room=100)
    belt.put(Batch([{"type": "A"}], 500))
    late = threading.Thread(target=belt.put, args=(Batch([{"type": "B"}], 1),))
    late.start()

    assert late.is_alive()
    assert belt.take(1) == Batch([{"type": "A"}], 500)
    assert belt.take(1) == Batch([{"type": "B"}], 1)
    late.join()
    assert belt.take(0) == Batch((), 0)
    belt.end()
    assert belt.take(1) is None


def test_what_was_taken_off_the_belt_counts_until_it_is_dealt_with_or_nothing_is_left() -> None:
    belt = Belt(room=100)
    belt.put(Batch([{"type": "A"}], 60))
    belt.put(Batch([{"type": "B"}], 40))
    late = threading.Thread(target=belt.put, args=(Batch([{"type": "C"}], 50),))
    late.start()

    assert belt.take(1) == Batch([{"type": "A"}], 60)
    assert late.is_alive()
    belt.make_room()
    late.join()
    assert [belt.take(1), belt.take(1)] == [Batch([{"type": "B"}], 40), Batch([{"type": "C"}], 50)]


def test_whoever_waits_for_room_on_a_belt_that_is_stopped_is_let_go() -> None:
    belt = Belt(room=1)
    belt.put(Batch([], 1))
    waiting = threading.Thread(target=belt.put, args=(Batch([], 1),))
    waiting.start()

    belt.stop()
    waiting.join()
