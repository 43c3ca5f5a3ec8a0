#!/bin/sh
# usage: entrypoint.sh mysqld [OPTION...]
set -eu
shift
password=$(cat "$MYSQL_PASSWORD_FILE")
chown mysql /var/lib/mysql
if [ ! -e /var/lib/mysql/mysql ]; then
    mariadb-install-db --no-defaults --user=mysql --datadir=/var/lib/mysql --skip-test-db >/dev/null
    setpriv --reuid mysql --regid mysql --clear-groups mariadbd --no-defaults --datadir=/var/lib/mysql --bootstrap <<END
flush privileges;
create database \`$MYSQL_DATABASE\` character set utf8mb4;
create user \`$MYSQL_USER\`@'%' identified by '$password';
grant all on \`$MYSQL_DATABASE\`.* to \`$MYSQL_USER\`@'%';
END
fi
exec setpriv --reuid mysql --regid mysql --clear-groups \
    mariadbd --no-defaults --datadir=/var/lib/mysql --skip-name-resolve --innodb-use-native-aio=0 "$@"
