from taskbridge.store.migrations.apply import apply

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    apply("0016_lacking")
