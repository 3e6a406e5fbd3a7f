"""Work on the warehouse: transactions, cancelling, waiting for writers, restarts."""

LONG = "SELECT COUNT(*) FROM big a, big b, big c, big d WHERE a.n + b.n + c.n + d.n = 7"


def fill(database):
    database("CREATE TABLE big (n INT)")
    database(
        "INSERT INTO big WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r"
        " WHERE n < 2000) SELECT n FROM r"
    )


def test_batch_is_one_transaction(database):
    error = database.error(
        "CREATE TABLE t (a INT)", "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES ('x')"
    )
    assert error == 'ERROR: invalid input syntax for integer: "x"'
    assert 'relation "t" does not exist' in database.error("SELECT * FROM t")


def test_batch_tells_the_state_of_each_part(database):
    work = database.start("SELECT 1", "selct 2", "SELECT 3")
    listener = database.finish(work)
    assert [str(part.state) for part in listener.parts] == ["FINISHED", "FAILED", "ABORTED"]
    assert listener.states == ["PICKED", "STARTED 0", "STARTED 1", "FAILED"]


def test_truncate_commits_what_came_before(database):
    database("CREATE TABLE t (a INT)", "INSERT INTO t VALUES (1)")
    database.error("INSERT INTO t VALUES (2)", "TRUNCATE t", "INSERT INTO t VALUES (3)", "SELECT x")
    assert database("SELECT * FROM t") == []


def test_vacuum_is_not_for_batches(database):
    assert "VACUUM cannot run inside a transaction block" in database.error("SELECT 1", "VACUUM")


def test_cancel_of_a_running_statement(database):
    fill(database)
    work = database.start(LONG)
    assert work.listener.running.wait(10)
    work.cancel()
    listener = database.finish(work)
    assert listener.state == "ABORTED"
    assert listener.error == ""


def test_cancel_of_a_waiting_statement(database):
    fill(database)
    running = [database.start(LONG) for _ in range(3)]
    waiting = database.start("INSERT INTO big VALUES (0)")
    waiting.cancel()
    for work in running:
        work.cancel()
    assert database.finish(waiting).states == ["ABORTED"]
    assert database("SELECT COUNT(*) FROM big WHERE n = 0") == [(0,)]


def test_cancelled_batch_leaves_nothing(database):
    fill(database)
    work = database.start("CREATE TABLE t (a INT)", LONG)
    while len(work.listener.parts) < 1:
        assert not work.listener.ended_all.wait(0.01)
    work.cancel()
    assert database.finish(work).state == "ABORTED"
    assert 'relation "t" does not exist' in database.error("SELECT * FROM t")


def test_writers_wait_for_each_other(database):
    database("CREATE TABLE t (a INT)", "INSERT INTO t VALUES (0)")
    works = [database.start("UPDATE t SET a = a + 1", "SELECT a FROM t") for _ in range(12)]
    assert {database.finish(work).state for work in works} == {"FINISHED"}
    assert database("SELECT a FROM t") == [(12,)]


def test_everything_is_there_after_a_restart(database):
    database(
        "CREATE TABLE t (v VARCHAR(3), id INT IDENTITY(1, 1))", "INSERT INTO t (v) VALUES ('a')"
    )
    database("CREATE VIEW w AS SELECT v FROM t")
    marked = database.finish(database.start("INSERT INTO t (v) VALUES ('b')", id_="the-work"))
    database.warehouse.close()
    database.open()
    assert marked.state == "FINISHED"
    assert database("SELECT v, id FROM t ORDER BY id") == [("a", 1), ("b", 2)]
    assert database("SELECT * FROM w ORDER BY 1") == [("a",), ("b",)]
    assert "value too long" in database.error("INSERT INTO t (v) VALUES ('long')")
    namespace = database.warehouse.open("ns")
    assert namespace.committed("dev", "the-work") == [1]
    assert namespace.committed("dev", "other-work") is None


def test_databases_are_separate(database):
    database("CREATE DATABASE other")
    assert 'database "other" already exists' in database.error("CREATE DATABASE other")
    assert database.warehouse.open("ns").databases() == ["dev", "other"]
    database("DROP DATABASE other")
    assert database.warehouse.open("ns").databases() == ["dev"]


def test_mistake_of_the_warehouse_fails_the_statement(database, monkeypatch):
    monkeypatch.setattr("emulation.compute.warehouse.engine.read", None)
    assert "internal error of the warehouse" in database.error("SELECT 1")
