#!/bin/sh
# PostgreSQL on port 5432: user POSTGRES_USER (app), password POSTGRES_PASSWORD (app), its data in PGDATA.
set -eu
bin=$(echo /usr/lib/postgresql/*/bin)
export PGDATA="${PGDATA:-/var/lib/app/postgres}"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  printf %s "${POSTGRES_PASSWORD:-app}" >/tmp/password
  "$bin/initdb" --username="${POSTGRES_USER:-app}" --pwfile=/tmp/password --auth=scram-sha-256 --no-sync >/dev/null
  rm /tmp/password
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
fi
exec "$bin/postgres" -c listen_addresses='*' -c unix_socket_directories=/tmp -c jit=off \
  -c shared_buffers=16MB -c max_connections=200 "$@"
