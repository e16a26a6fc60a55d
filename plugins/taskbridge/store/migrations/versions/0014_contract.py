from taskbridge.store.migrations.apply import apply

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    apply("0014_contract")
