from taskbridge.store.migrations.apply import apply

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    apply("0017_session")
