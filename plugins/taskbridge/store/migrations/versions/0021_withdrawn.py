from taskbridge.store.migrations.apply import apply

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    apply("0021_withdrawn")
