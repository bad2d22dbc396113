"""The checks of a window are read from an index: a page tells of them every time"""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_index("fetch_log_window", "fetch_log", ["source_id", "started_at", "outcome", "reason"])


def downgrade() -> None:
    op.drop_index("fetch_log_window", "fetch_log")
