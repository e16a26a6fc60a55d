from taskbridge.store.migrations.apply import apply

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    apply("0018_jobs")
