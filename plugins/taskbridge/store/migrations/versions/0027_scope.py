from taskbridge.store.migrations.apply import apply

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    apply("0027_scope")
