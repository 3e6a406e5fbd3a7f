"""Tables, views and their changes: what is declared, what is kept, what is refused."""

import pytest


def described(database, table):
    return database(
        'SELECT "column", type, encoding, distkey, sortkey, "notnull" FROM pg_table_def'
        f" WHERE tablename = '{table}' ORDER BY 1"
    )


def test_create_table_takes_the_guides_attributes(database):
    """In the manner of the guide's sample schema: keys and encodings behind the columns."""
    database(
        "create table listing(listid integer not null distkey, sellerid integer not null,"
        " dateid smallint not null sortkey, price decimal(8,2) encode az64,"
        " note varchar(max) encode lzo, listtime timestamp default sysdate,"
        " primary key(listid)) diststyle key"
    )
    assert described(database, "listing") == [
        ("dateid", "smallint", "none", False, 1, True),
        ("listid", "integer", "none", True, 0, True),
        ("listtime", "timestamp without time zone", "none", False, 0, False),
        ("note", "character varying(65535)", "lzo", False, 0, False),
        ("price", "numeric(8,2)", "az64", False, 0, False),
        ("sellerid", "integer", "none", False, 0, True),
    ]


def test_create_table_of_every_type(database):
    database(
        "CREATE TABLE every_type (a INT2, b INT, c BIGINT, d REAL, e FLOAT, f DOUBLE PRECISION,"
        " g BOOLEAN, h CHAR, i CHAR(3), j VARCHAR, k TEXT, l NVARCHAR(5), m DATE, n DATETIME,"
        " o TIMESTAMPTZ, p TIME, q NUMERIC, r DECIMAL(5), s SUPER, t VARBYTE(4))"
    )
    types = dict(row[:2] for row in described(database, "every_type"))
    assert types["d"] == "real"
    assert types["e"] == types["f"] == "double precision"
    assert types["h"] == "character(1)"
    assert types["j"] == types["k"] == "character varying(256)"
    assert types["q"] == "numeric(18,0)"
    assert types["r"] == "numeric(5,0)"


def test_keys_are_declared_and_not_enforced(database):
    database("CREATE TABLE t (id INT PRIMARY KEY, other INT UNIQUE, up INT REFERENCES t (id))")
    assert database("INSERT INTO t VALUES (1, 1, 99), (1, 1, 98)") == 2


def test_identity_counts(database):
    database("CREATE TABLE t (id BIGINT IDENTITY(10, 5), v VARCHAR(5))")
    database("INSERT INTO t (v) VALUES ('a'), ('b')")
    database("INSERT INTO t VALUES ('c')")
    assert database("SELECT * FROM t ORDER BY id") == [(10, "a"), (15, "b"), (20, "c")]
    assert "cannot set an identity column" in database.error("INSERT INTO t (id) VALUES (1)")


def test_text_is_measured_in_bytes_and_never_cut_on_the_way_in(database):
    database("CREATE TABLE t (v VARCHAR(3), c CHAR(2))")
    assert database("INSERT INTO t VALUES ('abc', 'x'), ('ab   ', 'y  '), (NULL, NULL)") == 3
    too_long = "ERROR: value too long for type character varying(3)"
    assert database.error("INSERT INTO t VALUES ('abcd', 'x')") == too_long
    assert database.error("INSERT INTO t SELECT 'éé', 'x'") == too_long
    assert database.error("UPDATE t SET v = 'abcd'") == too_long
    assert database("SELECT v, c, LEN(c) FROM t ORDER BY v") == [
        ("ab ", "y ", 1),
        ("abc", "x ", 1),
        (None, None, None),
    ]


def test_insert_counts_its_columns(database):
    database("CREATE TABLE t (a INT, b INT DEFAULT 7)")
    assert "more expressions than target columns" in database.error("INSERT INTO t SELECT 1, 2, 3")
    assert "more expressions" in database.error("INSERT INTO t VALUES (1, 2, 3)")
    assert "more target columns" in database.error("INSERT INTO t (a, b) SELECT 1")
    assert "more target columns" in database.error("INSERT INTO t (a, b) VALUES (1)")
    database("INSERT INTO t VALUES (1)")
    database("INSERT INTO t SELECT 2")
    database("INSERT INTO t VALUES (3, DEFAULT), (4, 5)")
    assert database("SELECT * FROM t ORDER BY a") == [(1, 7), (2, 7), (3, 7), (4, 5)]


def test_null_in_a_not_null_column(database):
    database("CREATE TABLE t (a INT NOT NULL)")
    assert database.error("INSERT INTO t VALUES (NULL)") == (
        "ERROR: Cannot insert a NULL value into column a"
    )


def test_update_and_delete_with_other_tables(database):
    database("CREATE TABLE t (a INT, b INT)", "INSERT INTO t VALUES (1, 1), (2, 2), (3, NULL)")
    database("CREATE TABLE s (a INT, b INT)", "INSERT INTO s VALUES (1, 10), (2, 20)")
    assert database("UPDATE t SET b = s.b + t.b FROM s WHERE s.a = t.a") == 2
    assert database("DELETE FROM t USING s WHERE s.a = t.a AND s.b = 20") == 1
    assert database("SELECT * FROM t ORDER BY a") == [(1, 11), (3, None)]
    assert database("DELETE t WHERE b IS NULL") == 1


def test_merge(database):
    database("CREATE TABLE t (a INT, b VARCHAR(3))", "INSERT INTO t VALUES (1, 'old')")
    database("CREATE TABLE s (a INT, b VARCHAR(9))", "INSERT INTO s VALUES (1, 'new'), (2, 'ins')")
    merge = (
        "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = s.b"
        " WHEN NOT MATCHED THEN INSERT VALUES (s.a, s.b)"
    )
    assert database(merge) == 2
    assert database("SELECT * FROM t ORDER BY a") == [(1, "new"), (2, "ins")]
    database("INSERT INTO s VALUES (3, 'too long')")
    assert "value too long" in database.error(merge)


def test_create_table_as_keeps_declared_types(database):
    database("CREATE TABLE t (v VARCHAR(7), d DECIMAL(6,2), i INT)")
    database("INSERT INTO t VALUES ('a', 1.5, 2)")
    assert (
        database("CREATE TABLE c DISTKEY (v) AS SELECT v, d, SUM(i) AS s FROM t GROUP BY 1, 2") == 1
    )
    types = dict(row[:2] for row in described(database, "c"))
    assert types == {"v": "character varying(7)", "d": "numeric(6,2)", "s": "bigint"}
    database("SELECT v INTO d FROM t")
    database("CREATE TABLE l (LIKE t)")
    assert len(described(database, "l")) == 3


def test_temporary_tables_are_gone_after_the_session(database):
    assert database(
        "CREATE TEMP TABLE x (a INT)", "INSERT INTO x VALUES (1)", "SELECT * FROM x"
    ) == [(1,)]
    assert 'relation "x" does not exist' in database.error("SELECT * FROM x")
    assert database("CREATE TABLE #y (a INT)", "SELECT COUNT(*) FROM y") == [(0,)]


def test_views_are_bound_and_forbid_the_drop(database):
    database("CREATE TABLE t (a INT, b VARCHAR(5))", "INSERT INTO t VALUES (3, 'x')")
    database("CREATE VIEW v AS SELECT a, a / 2 AS half, b FROM t")
    database("CREATE VIEW w (x) AS SELECT half FROM v")
    assert database("SELECT * FROM v") == [(3, 1, "x")]
    assert database("SELECT AVG(x) FROM w") == [(1,)]
    assert database.error("DROP TABLE t") == (
        "ERROR: cannot drop table t because other objects depend on it\n"
        "  Hint: Use DROP ... CASCADE to drop the dependent objects too."
    )
    database("ALTER TABLE t ADD COLUMN c INT")
    assert database("SELECT * FROM v") == [(3, 1, "x")]
    database("DROP TABLE t CASCADE")
    assert 'relation "w" does not exist' in database.error("SELECT * FROM w")
    assert 'relation "t" does not exist' in database.error("CREATE VIEW v AS SELECT * FROM t")


def test_late_binding_views_look_when_they_are_read(database):
    database("CREATE VIEW v AS SELECT * FROM public.later WITH NO SCHEMA BINDING")
    assert 'relation "public.later" does not exist' in database.error("SELECT * FROM v")
    database("CREATE TABLE later (a INT)", "INSERT INTO later VALUES (1)")
    assert database("SELECT a FROM v") == [(1,)]
    database("DROP TABLE later")


def test_alter_table(database):
    database("CREATE TABLE t (a INT, v VARCHAR(2))", "INSERT INTO t VALUES (1, 'xy')")
    database("ALTER TABLE t ADD COLUMN b INT NOT NULL DEFAULT 5")
    database("ALTER TABLE t ALTER COLUMN v TYPE VARCHAR(4)")
    database("ALTER TABLE t RENAME COLUMN a TO z")
    database("ALTER TABLE t RENAME TO u")
    database("INSERT INTO u VALUES (2, 'abcd', 6)")
    assert database("SELECT z, v, b FROM u ORDER BY 1") == [(1, "xy", 5), (2, "abcd", 6)]
    database("ALTER TABLE u ALTER DISTKEY z", "ALTER TABLE u ALTER COMPOUND SORTKEY (b, z)")
    assert [row[3:5] for row in described(database, "u")] == [(False, 1), (False, 0), (True, 2)]
    database("ALTER TABLE u DROP COLUMN b")
    assert database("SELECT * FROM u ORDER BY 1") == [(1, "xy"), (2, "abcd")]
    assert "not supported for ALTER COLUMN TYPE" in database.error(
        "ALTER TABLE u ALTER COLUMN z TYPE BIGINT"
    )


def test_schemas(database):
    database("CREATE SCHEMA mart", "CREATE TABLE mart.t (a INT)", "INSERT INTO mart.t VALUES (1)")
    assert 'relation "t" does not exist' in database.error("SELECT * FROM t")
    assert database("SET search_path TO mart", "SELECT a FROM t") == [(1,)]
    assert "other objects depend on it" in database.error("DROP SCHEMA mart")
    database("DROP SCHEMA mart CASCADE")
    assert 'relation "mart.t" does not exist' in database.error("SELECT * FROM mart.t")


def test_super_is_navigated(database):
    database("CREATE TABLE t (id INT, doc SUPER)")
    database("""INSERT INTO t SELECT 1, JSON_PARSE('{"a":{"b":[10,20]},"n":null}')""")
    assert database("SELECT doc.a.b[1], t.doc.a, doc.nosuch FROM t") == [
        ("20", '{"b":[10,20]}', None)
    ]


ERRORS = {
    "CREATE TABLE t (a INT, a INT)": 'column "a" specified more than once',
    "CREATE TABLE t (a NOSUCH)": 'type "nosuch" does not exist',
    "CREATE TABLE t (a VARCHAR(70000))": "length for type varchar cannot exceed 65535",
    "CREATE TABLE t (a INT) SORTKEY (b)": 'column "b" named in key does not exist',
    "CREATE TABLE t (a INT CHECK (a > 1))": 'syntax error at or near "CHECK"',
    "CREATE TABLE nosuch.t (a INT)": 'schema "nosuch" does not exist',
    "DROP TABLE nosuch": 'Table "nosuch" does not exist',
    "TRUNCATE nosuch": 'relation "nosuch" does not exist',
    "VACUUM nosuch": 'relation "nosuch" does not exist',
    "INSERT INTO nosuch VALUES (1)": 'relation "nosuch" does not exist',
    "COPY nosuch FROM 's3://b/k' IAM_ROLE DEFAULT": "Cannot COPY into nonexistent table nosuch",
    "CREATE MATERIALIZED VIEW v AS SELECT 1": "CREATE MATERIALIZED is not emulated",
    "CREATE EXTERNAL SCHEMA s FROM DATA CATALOG DATABASE 'd'": "CREATE EXTERNAL is not emulated",
    "CREATE USER u PASSWORD 'Abc12345'": "CREATE USER is not emulated",
    "CALL p()": "CALL is not emulated",
    "EXPLAIN SELECT 1": "EXPLAIN is not emulated",
    "SET nosuch TO 1": 'unrecognized configuration parameter "nosuch"',
}


@pytest.mark.parametrize("sql", ERRORS)
def test_definition_fails_in_clear_words(shared, sql):
    assert shared.error(sql).startswith(f"ERROR: {ERRORS[sql]}")


@pytest.mark.parametrize(
    "sql",
    ["VACUUM", "ANALYZE", "VACUUM FULL t TO 75 PERCENT", "ANALYZE t (a)", "GRANT SELECT ON t TO u",
     "REVOKE ALL ON SCHEMA public FROM GROUP g", "DROP TABLE IF EXISTS nosuch", "LOCK t",
     "COMMENT ON TABLE t IS 'x'", "ALTER TABLE t OWNER TO u", "SET query_group TO 'x'", "BEGIN"],
)  # fmt: skip
def test_command_without_effect_here_succeeds(database, sql):
    database("CREATE TABLE t (a INT)")
    assert database(sql) == 0


def test_system_views_show_what_is_there(database):
    database("CREATE TABLE t (a INT, b VARCHAR(5) NOT NULL)", "CREATE VIEW v AS SELECT a FROM t")
    assert database(
        "SELECT table_name, table_type FROM svv_tables WHERE table_schema = 'public' ORDER BY 1"
    ) == [("t", "BASE TABLE"), ("v", "VIEW")]
    assert database(
        "SELECT column_name, data_type, character_maximum_length, is_nullable"
        " FROM information_schema.columns WHERE table_name = 't' ORDER BY ordinal_position"
    ) == [("a", "integer", None, "YES"), ("b", "character varying", 5, "NO")]
    assert database("SELECT tablename FROM pg_catalog.pg_tables") == [("t",)]
    assert database(
        "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE nspname = 'public' AND relkind = 'v'"
    ) == [("v",)]
