#!/bin/sh
# A database and a user for each service; nobody else connects to it. The postgres image runs this once, on an empty
# volume.
set -eu

for service in user_svc workout_svc notify_svc; do
  # psql reads the password itself: in an argument every process of the container would see it.
  psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres \
    --set=name="$service" --set=file="${SECRETS_FOLDER:-/run/secrets}/${service}_password" <<'SQL'
\set password `cat :'file'`
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
done
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres \
  --command='REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC'
