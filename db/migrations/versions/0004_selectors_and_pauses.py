"""How a page was read, so that new selectors are noticed; until when a source wants to be left alone"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("source", sa.Column("selectors", sa.Text(), server_default="", nullable=False))
    op.add_column("source_state", sa.Column("paused_until", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE source_state SET paused_until = next_check_at "
        "WHERE next_check_reason LIKE '%the source asked for this pause (Retry-After)'"
    )


def downgrade() -> None:
    for table, column in (("source", "selectors"), ("source_state", "paused_until")):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column(column)
