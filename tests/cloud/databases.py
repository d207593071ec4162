"""Servers of databases inside a scratch instance, and what writes to them."""

import glob

from harness import wait_until


class Writer:
    """Commits one row after the other; `rows()` are those the server has confirmed."""

    def __init__(self, host, client):
        self.host = host
        statement = "seq 1 10000000 | sed 's/.*/INSERT INTO t VALUES (&); SELECT &;/'"
        self.process = host.start(f"{statement} | {client} >/run/confirmed 2>/run/errors")
        self.wait_for(100)

    def rows(self):
        text = self.host.inside.path("/run/confirmed").read_text()
        return text.count("\n")

    def wait_for(self, more):
        want = self.rows_so_far() + more
        wait_until(lambda: self.rows_so_far() >= want, f"{want} rows")

    def rows_so_far(self):
        try:
            return self.rows()
        except FileNotFoundError:
            return 0

    def stands(self):
        """How many rows, once no more come: a commit on its way may still be confirmed."""
        seen = [-1]

        def same():
            seen.append(self.rows())
            return len(seen) > 20 and len(set(seen[-20:])) == 1

        wait_until(same, "the writer to stand still")
        return seen[-1]


def check_rows(found, confirmed):
    """All that were confirmed, and no holes; one more may have been committed but not confirmed."""
    rows = [int(word) for word in found.split()]
    assert rows == list(range(1, len(rows) + 1))
    assert len(rows) >= confirmed, f"{confirmed - len(rows)} committed rows are lost"


class Postgres:
    def __init__(self, host, data, socket):
        self.host, self.data, self.socket = host, data, socket
        self.bin = max(glob.glob("/usr/lib/postgresql/*/bin"))
        host.shell(f"install -d -o postgres -m 755 {socket}")
        self.psql = f"runuser -u postgres -- psql -XAtq -v ON_ERROR_STOP=1 -h {socket} postgres"

    def run(self, program, *words):
        return self.host.run("runuser", "-u", "postgres", "--", f"{self.bin}/{program}", *words)

    def start(self):
        options = f"-c listen_addresses= -c unix_socket_directories={self.socket}"
        self.run("pg_ctl", "-w", "-s", "-D", self.data, "-o", options, "-l", f"{self.socket}/log", "start")

    def ask(self, query):
        return self.host.shell(f"{self.psql} -c '{query}'")


class Mariadb:
    def __init__(self, host, data, socket):
        self.host, self.data, self.socket = host, data, socket
        host.shell(f"install -d -o mysql -m 755 {socket}")
        self.client = f"mariadb --no-defaults --socket={socket}/s -BN test"

    def start(self):
        self.host.start(
            f"exec mariadbd --no-defaults --user=mysql --datadir={self.data} --socket={self.socket}/s"
            f" --skip-networking --pid-file={self.socket}/pid --innodb-flush-log-at-trx-commit=0"
            f" --log-bin=binlog --server-id=1 >{self.socket}/log 2>&1"
        )
        ping = f"mariadb-admin --no-defaults --socket={self.socket}/s ping"
        wait_until(lambda: self.host.inside.try_run(*ping.split()).returncode == 0, "the server")

    def ask(self, query):
        return self.host.shell(f"{self.client} -e '{query}'")
