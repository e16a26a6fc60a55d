from taskbridge.store.migrations.apply import apply

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    apply("0010_approvals")
