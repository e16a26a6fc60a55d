from taskbridge.store.migrations.apply import apply

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    apply("0028_waiting")
