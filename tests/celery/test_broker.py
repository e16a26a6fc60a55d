"""The broker that the tests and the local stack with Celery workers run on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from stack.broker import Broker, answers
from stack.errors import StackError
from stack.ports import PortBlock


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with PortBlock.reserve(1) as ports:
        broker = Broker(tmp_path / "broker", tmp_path / "broker.log", "127.0.0.1", ports.base)
        yield broker
        broker.stop()


def test_it_asks_for_its_password(broker: Broker) -> None:
    broker.start()
    assert answers(broker.url)
    secret, place = broker.url.removeprefix("redis://:").split("@")
    assert not answers(f"redis://:other@{place}")
    assert not answers(f"redis://{place}")
    assert secret not in " ".join(Path(f"/proc/{broker.child.pid}/cmdline").read_text().split("\0"))


def test_what_was_queued_is_there_after_a_restart(broker: Broker) -> None:
    broker.start()
    with Redis.from_url(broker.url) as client:
        client.rpush("default", "a task")
    broker.stop()
    assert not answers(broker.url)
    broker.start()
    with Redis.from_url(broker.url) as client:
        assert client.lrange("default", 0, -1) == [b"a task"]


def test_one_that_cannot_start_says_why(broker: Broker, tmp_path: Path) -> None:
    broker.start()
    port = int(broker.url.rpartition(":")[2].partition("/")[0])
    second = Broker(tmp_path / "second", tmp_path / "second.log", "127.0.0.1", port)
    with pytest.raises(StackError, match=r"(?s)broker did not become ready.*Address already in use"):
        second.start()
