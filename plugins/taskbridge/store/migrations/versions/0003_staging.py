from taskbridge.store.migrations.apply import apply

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    apply("0003_staging")
