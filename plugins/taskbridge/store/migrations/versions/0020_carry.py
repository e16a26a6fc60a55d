from taskbridge.store.migrations.apply import apply

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    apply("0020_carry")
