#!/bin/sh
# Writes what docker-compose.yaml mounts: a configuration and fresh secrets. What is there is kept.
# usage: secrets.sh      (in the repository's folder)
set -eu
folder=deploy/compose/config
umask 077
mkdir -p "$folder"

fresh() { od -An -N 32 -tx1 /dev/urandom | tr -d ' \n'; }
written() { [ -e "$1" ] || { cat >"$1" && echo "$1 was written."; }; }

fresh | written "$folder"/mysql_password
fresh | written "$folder"/api_token
written "$folder"/secrets.yaml <<END
# Encrypts tokens and keys in the database: without it they are lost.
encryption_key: $(fresh)

# For the web pages.
admin_password: $(fresh)

# For programs, as in the file api_token: Authorization: Bearer …
api_token: $(cat "$folder"/api_token)

# As in the file mysql_password, with which the database was made.
database_url: mysql+pymysql://orchestrator:$(cat "$folder"/mysql_password)@mysql/orchestrator?charset=utf8mb4

# Of the integration in configuration.yaml.
amocrm_client_secret: sandbox-secret
END
written "$folder"/configuration.yaml <deploy/compose/configuration.yaml

# The containers run as whoever these files belong to; nobody else can read them.
if [ "$(id -u)" = 0 ]; then
    chown -R 1000:1000 "$folder"
    echo "ORCHESTRATOR_USER=1000:1000" | written .env
else
    echo "ORCHESTRATOR_USER=$(id -u):$(id -g)" | written .env
fi
