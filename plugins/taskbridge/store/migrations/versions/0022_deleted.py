from taskbridge.store.migrations.apply import apply

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    apply("0022_deleted")
