from taskbridge.store.migrations.apply import apply

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    apply("0015_conditional")
