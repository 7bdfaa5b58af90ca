"""Alembic's entry: one environment for all services; `chassis.migrating` hands over the connection."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], target_metadata=None, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
