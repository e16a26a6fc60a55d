"""Where the stack keeps its files. Everything is below one data folder, which git ignores."""

from dataclasses import dataclass
from pathlib import Path

from stack.files import read_json, write_json

PROJECT = Path(__file__).resolve().parent.parent
DATA = PROJECT / ".taskbridge"


@dataclass(frozen=True)
class Layout:
    """The folders and files of one stack. `Layout.named("local")` is the one of `make up`."""

    root: Path

    @classmethod
    def named(cls, name: str) -> "Layout":
        return cls(DATA / name)

    @classmethod
    def all(cls) -> "list[Layout]":
        """Every stack that has a data folder."""
        return [cls(folder) for folder in sorted(DATA.glob("*")) if folder.is_dir()]

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def sandbox(self) -> Path:
        return self.root / "sandbox"

    @property
    def broker(self) -> Path:
        return self.root / "broker"

    @property
    def airflow_home(self) -> Path:
        return self.root / "airflow"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def keys(self) -> Path:
        return self.root / "keys.json"

    @property
    def passwords(self) -> Path:
        """The file in which Airflow's simple auth manager looks for passwords."""
        return self.root / "passwords.json"

    @property
    def state(self) -> Path:
        return self.root / "state.json"

    @property
    def failure(self) -> Path:
        """Why the stack stopped by itself; there only if it did."""
        return self.root / "failure.txt"

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    def last_port(self) -> int | None:
        """The base port of the start before, so that a bookmark keeps working."""
        stored: int | None = read_json(self.root / "port.json")
        return stored

    def remember_port(self, port: int) -> None:
        write_json(self.root / "port.json", port)

    def create(self) -> None:
        """Private, but passable: PostgreSQL may run as another user and its folder lies below."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o711)
        for folder in (self.sandbox, self.airflow_home, self.logs):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)
