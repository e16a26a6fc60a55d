from taskbridge.store.migrations.apply import apply

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    apply("0033_counted")
