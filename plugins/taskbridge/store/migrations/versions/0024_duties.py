from taskbridge.store.migrations.apply import apply

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    apply("0024_duties")
