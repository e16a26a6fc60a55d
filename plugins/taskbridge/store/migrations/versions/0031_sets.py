from taskbridge.store.migrations.apply import apply

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    apply("0031_sets")
