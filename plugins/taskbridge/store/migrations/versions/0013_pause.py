from taskbridge.store.migrations.apply import apply

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    apply("0013_pause")
