"""Indexers share the outbox"""

import sqlalchemy as sa
from alembic import op

import evidence.db

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("outbox") as table:
        table.add_column(sa.Column("lease", evidence.db.UtcDateTime(timezone=True), nullable=True))
