from taskbridge.store.migrations.apply import apply

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    apply("0026_typed")
