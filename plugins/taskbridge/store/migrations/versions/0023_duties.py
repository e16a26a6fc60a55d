from taskbridge.store.migrations.apply import apply

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    apply("0023_duties")
