"""Who adds items to SQLite adds their words too: a trigger makes FTS5 write its index anew for every single item"""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER item_search_insert")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER item_search_insert AFTER INSERT ON item BEGIN "
            "INSERT INTO item_search(rowid, title, summary) VALUES (new.id, new.title, new.summary); END"
        )
