from taskbridge.store.migrations.apply import apply

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    apply("0030_quick_views")
