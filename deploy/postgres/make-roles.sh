#!/usr/bin/env bash
# Runs once in a new PostgreSQL container: the three roles of a department and its database.
#   SERVICE             the department, for example ledger
#   SERVICE_PASSWORD    the password of the three roles
set -euo pipefail
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set=password="$SERVICE_PASSWORD" --set=database="$SERVICE" \
    --set=owner="${SERVICE}_owner" --set=runtime="${SERVICE}_service" --set=relay="${SERVICE}_relay" <<'SQL'
create role :"owner" login nosuperuser nobypassrls password :'password';
create role :"runtime" login nosuperuser nobypassrls password :'password';
create role :"relay" login nosuperuser nobypassrls password :'password';
alter role :"runtime" set idle_in_transaction_session_timeout = '5s';
alter role :"relay" set idle_in_transaction_session_timeout = '5s';
create database :"database" owner :"owner";
revoke all on database :"database" from public;
grant connect on database :"database" to :"runtime", :"relay";
SQL
