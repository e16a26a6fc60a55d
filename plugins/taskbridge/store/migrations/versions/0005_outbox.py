from taskbridge.store.migrations.apply import apply

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    apply("0005_outbox")
