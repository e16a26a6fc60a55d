from taskbridge.store.migrations.apply import apply

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    apply("0019_usage")
