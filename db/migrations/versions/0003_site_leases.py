"""Leases on sites and turns to ask them, for scrapers that share one database"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "site_lease",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.Column("next_turn", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("site"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("site_lease")
