from taskbridge.store.migrations.apply import apply

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    apply("0029_known")
