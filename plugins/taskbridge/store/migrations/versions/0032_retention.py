from taskbridge.store.migrations.apply import apply

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    apply("0032_retention")
