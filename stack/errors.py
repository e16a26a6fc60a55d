"""What can go wrong with the stack. Each message says what was seen and what to do next."""


class StackError(Exception):
    """The stack cannot start, or a part of it failed."""


class AlreadyRunning(StackError):
    """Another supervisor holds this data folder."""


class Interrupted(BaseException):
    """Somebody asked the stack to stop (SIGINT, SIGTERM, SIGHUP).

    Not an `Exception`, so that no retry loop on the way swallows it.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"signal {signal_number}")
        self.signal_number = signal_number
