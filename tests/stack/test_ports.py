import socket
from collections.abc import Iterator

import pytest

from stack.errors import StackError
from stack.ports import PortBlock


@pytest.fixture
def block() -> Iterator[PortBlock]:
    with PortBlock.reserve(3) as block:
        yield block


def listen(port: int, address: str) -> socket.socket:
    """As uvicorn and asyncio do it."""
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((address, port))
    server.listen()
    return server


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_a_server_can_listen_on_a_held_port(block: PortBlock, address: str) -> None:
    with listen(block.base + 1, address) as server:
        socket.create_connection(("127.0.0.1", server.getsockname()[1])).close()


def test_a_held_block_is_not_drawn_again(block: PortBlock, monkeypatch: pytest.MonkeyPatch) -> None:
    draws = iter([block.base, block.base + 2, block.base + 3, block.base + 40])
    monkeypatch.setattr("stack.ports.random.randrange", lambda low, high: next(draws))
    monkeypatch.setattr("stack.ports.ATTEMPTS", 4)
    with PortBlock.reserve(3) as other:
        assert other.base >= block.base + 3


def test_a_released_block_is_given_again(block: PortBlock) -> None:
    block.release()
    with PortBlock.reserve(3, preferred=block.base) as again:
        assert again.base == block.base


def test_a_server_just_stopped_does_not_cost_its_port(block: PortBlock) -> None:
    """Its connections stay in TIME_WAIT for a minute; a restart keeps the address all the same."""
    with listen(block.base, "127.0.0.1") as server:
        client = socket.create_connection(("127.0.0.1", block.base))
        served, _ = server.accept()
        served.close()
        assert client.recv(1) == b""
        client.close()
    block.release()
    with PortBlock.reserve(3, preferred=block.base) as again:
        assert again.base == block.base


def test_one_busy_neighbour_makes_a_block_unusable(block: PortBlock) -> None:
    block.release()
    with listen(block.base + 2, "127.0.0.1"), PortBlock.reserve(3, preferred=block.base) as other:
        assert other.base != block.base


def test_no_free_block_is_an_error_with_the_range(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stack.ports._hold", lambda ports, lingering: [])
    with pytest.raises(StackError, match=r"No 3 neighbouring free ports found from 20000 to 32000"):
        PortBlock.reserve(3)
