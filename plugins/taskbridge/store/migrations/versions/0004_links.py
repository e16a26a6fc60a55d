from taskbridge.store.migrations.apply import apply

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    apply("0004_links")
