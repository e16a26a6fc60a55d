from taskbridge.store.migrations.apply import apply

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    apply("0002_sides_and_people")
