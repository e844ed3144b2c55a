"""The heroes."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "hero",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("age", sa.Integer(), nullable=True),
        sa.Column("secret_name", sa.String(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("length(name) >= 1 AND length(name) <= 100", name="hero_name"),
        sa.CheckConstraint("age >= 0 AND age <= 1000000", name="hero_age"),
        sa.CheckConstraint("length(secret_name) >= 1 AND length(secret_name) <= 100", name="hero_secret_name"),
        sa.CheckConstraint("id >= 1 AND id <= 9007199254740991", name="hero_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("hero_by_name", "hero", ["name", "id"])
    op.create_index("hero_by_age", "hero", ["age", "id"])
    op.create_index("hero_by_name_and_age", "hero", ["name", "age", "id"])


def downgrade() -> None:
    op.drop_table("hero")
