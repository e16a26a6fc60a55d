from taskbridge.store.migrations.apply import apply

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    apply("0025_older")
