"""${message}."""

import sqlalchemy as sa
% if "sqlmodel." in upgrades + downgrades:
import sqlmodel
% endif
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades or "pass"}


def downgrade() -> None:
    ${downgrades or "pass"}
