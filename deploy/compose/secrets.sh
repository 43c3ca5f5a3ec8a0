#!/bin/sh
# Writes what docker-compose.yaml mounts: config/ with a configuration and fresh secrets. What is there is kept.
# usage: secrets.sh      (in the repository's folder)
set -eu
umask 077
mkdir -p config

fresh() { od -An -N 32 -tx1 /dev/urandom | tr -d ' \n'; }
written() { [ -e "$1" ] || { cat >"$1" && echo "$1 was written."; }; }

[ ! -e config/secrets.yaml ] || [ -e config/mysql_password ] || {
    echo "config/secrets.yaml is there, config/mysql_password is not: write the password of its database_url there." >&2
    exit 1
}
fresh | written config/mysql_password
fresh | written config/api_token
written config/secrets.yaml <<END
# Encrypts tokens and keys in the database: without it they are lost.
encryption_key: $(fresh)

# For the web pages.
admin_password: $(fresh)

# For programs, as in config/api_token: Authorization: Bearer …
api_token: $(cat config/api_token)

# As in config/mysql_password, with which the database was made.
database_url: mysql+pymysql://orchestrator:$(cat config/mysql_password)@mysql/orchestrator?charset=utf8mb4

# Of the integration in configuration.yaml.
amocrm_client_secret: sandbox-secret
END
written config/configuration.yaml <deploy/compose/configuration.yaml

# The containers run as whoever these files belong to; nobody else can read them.
if [ "$(id -u)" = 0 ]; then
    chown -R 1000:1000 config
    echo "ORCHESTRATOR_USER=1000:1000" | written .env
else
    echo "ORCHESTRATOR_USER=$(id -u):$(id -g)" | written .env
fi
