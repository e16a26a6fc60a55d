from taskbridge.store.migrations.apply import apply

revision = "0001"
down_revision = None


def upgrade() -> None:
    apply("0001_runs")
