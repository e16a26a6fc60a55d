from taskbridge.store.migrations.apply import apply

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    apply("0009_drift")
