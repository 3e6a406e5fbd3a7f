"""Queries over a small table with nulls: names, order, groups, windows, joins, set operations."""

import pytest


@pytest.fixture(scope="module")
def sales(shared):
    shared(
        "CREATE TABLE sales (id INT, seller VARCHAR(10), qty SMALLINT, price DECIMAL(8,2),"
        " sold TIMESTAMP)"
    )
    shared(
        "INSERT INTO sales VALUES (1, 'ann', 2, 10.00, '2020-01-01 10:00'),"
        " (2, 'bob', 3, 20.50, '2020-01-02'), (3, 'ann', 4, NULL, '2020-02-01'),"
        " (4, NULL, NULL, 5.25, NULL)"
    )
    return shared


def names(database):
    return [column.name for column in database.columns]


def types(database):
    return [column.type.display() for column in database.columns]


def test_aggregates_have_redshifts_types_and_values(sales):
    rows = sales(
        "SELECT COUNT(*), COUNT(qty), SUM(qty), AVG(qty), AVG(price), SUM(price) FROM sales"
    )
    assert rows == [(4, 3, 9, 3, "11.91", "35.75")]
    assert types(sales) == [
        "bigint", "bigint", "bigint", "bigint", "numeric(38,2)", "numeric(38,2)",
    ]  # fmt: skip
    assert names(sales) == ["count", "count", "sum", "avg", "avg", "sum"]


def test_average_of_integers_is_cut_off(sales):
    assert sales("SELECT AVG(id) FROM sales WHERE id < 3") == [(1,)]
    assert sales("SELECT AVG(id::float8) FROM sales WHERE id < 3") == [(1.5,)]


def test_aggregates_of_nothing_are_null(sales):
    assert sales("SELECT SUM(qty), AVG(qty), MAX(qty), COUNT(qty) FROM sales WHERE id > 9") == [
        (None, None, None, 0)
    ]


def test_share_in_per_cent_is_exact(sales):
    rows = sales(
        "SELECT ROUND(100.0 * SUM(CASE WHEN qty > 2 THEN 1 ELSE 0 END) / COUNT(*), 2) FROM sales"
    )
    assert rows == [("50.00",)]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("qty", [2, 3, 4, None]),
        ("qty DESC", [None, 4, 3, 2]),
        ("qty DESC NULLS LAST", [4, 3, 2, None]),
    ],
)
def test_nulls_sort_as_the_largest(sales, order, expected):
    assert [row[0] for row in sales(f"SELECT qty FROM sales ORDER BY {order}")] == expected


def test_nulls_make_one_group(sales):
    rows = sales("SELECT seller, COUNT(*) FROM sales GROUP BY seller ORDER BY 1")
    assert rows == [("ann", 2), ("bob", 1), (None, 1)]


def test_expressions_without_alias_are_named_as_redshift_names_them(sales):
    sales(
        "SELECT 1 + 1, UPPER(seller), id::float8, CASE WHEN true THEN 1 END, NVL(qty, 0), id"
        " FROM sales"
    )
    assert names(sales) == ["?column?", "upper", "id", "case", "coalesce", "id"]


def test_names_fold_to_lower_case_even_in_quotes(sales):
    sales('SELECT "ID", Seller AS "MixedCase" FROM "SALES"')
    assert names(sales) == ["id", "mixedcase"]


def test_plain_columns_say_where_they_come_from(sales):
    sales("SELECT s.price, price * 2 FROM (SELECT * FROM sales) AS s")
    assert [(column.table, column.type.display()) for column in sales.columns] == [
        ("sales", "numeric(8,2)"),
        ("", "numeric(18,2)"),
    ]


def test_listagg_has_no_separator_unless_given(sales):
    rows = sales(
        "SELECT LISTAGG(seller) WITHIN GROUP (ORDER BY id),"
        " LISTAGG(DISTINCT seller, ', ') WITHIN GROUP (ORDER BY seller) FROM sales"
    )
    assert rows == [("annbobann", "ann, bob")]


def test_windows(sales):
    rows = sales(
        "SELECT id, ROW_NUMBER() OVER (PARTITION BY seller ORDER BY id),"
        " SUM(qty) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING),"
        " LAG(qty) OVER (ORDER BY id), AVG(qty) OVER (PARTITION BY seller)"
        " FROM sales ORDER BY id"
    )
    assert rows == [(1, 1, 2, None, 3), (2, 1, 5, 2, 3), (3, 2, 9, 3, 3), (4, 1, 9, 4, None)]


def test_qualify_and_top(sales):
    sql = (
        "SELECT id FROM sales QUALIFY ROW_NUMBER() OVER (PARTITION BY seller ORDER BY id DESC) = 1"
    )
    assert sorted(sales(sql)) == [(2,), (3,), (4,)]
    assert sales("SELECT TOP 2 id FROM sales ORDER BY id") == [(1,), (2,)]


def test_joins_and_subqueries(sales):
    rows = sales(
        "WITH best AS (SELECT seller, MAX(qty) AS most FROM sales GROUP BY seller)"
        " SELECT s.id FROM sales s JOIN best b ON b.seller = s.seller AND b.most = s.qty"
        " WHERE EXISTS (SELECT 1 FROM sales x WHERE x.id = s.id + 1) ORDER BY 1"
    )
    assert rows == [(2,), (3,)]


def test_set_operations(sales):
    assert sales("SELECT 1 AS n UNION ALL SELECT 1 ORDER BY n") == [(1,), (1,)]
    assert sales("SELECT id FROM sales MINUS SELECT 1 ORDER BY 1") == [(2,), (3,), (4,)]
    assert sales("SELECT id FROM sales INTERSECT SELECT 1") == [(1,)]


def test_not_in_with_a_null_gives_nothing(sales):
    sql = "SELECT id FROM sales WHERE id NOT IN (SELECT qty FROM sales)"
    assert sales(sql) == []


def test_recursive_common_tables(sales):
    sql = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4)"
        " SELECT SUM(i) FROM n"
    )
    assert sales(sql) == [(10,)]


def test_grouping_sets(sales):
    sql = (
        "SELECT seller, SUM(qty) FROM sales WHERE seller IS NOT NULL"
        " GROUP BY ROLLUP (seller) ORDER BY 2"
    )
    assert sales(sql) == [("bob", 3), ("ann", 6), (None, 9)]


def test_parameters_take_the_type_of_their_place(sales):
    assert sales("SELECT id FROM sales WHERE id = '2' AND seller = 'bob'") == [(2,)]


ERRORS = {
    "SELECT * FROM nosuch": 'relation "nosuch" does not exist',
    "SELECT * FROM other.sales": 'relation "other.sales" does not exist',
    "SELECT nosuch FROM sales": 'column "nosuch" does not exist in sales',
    "SELECT id, COUNT(*) FROM sales": (
        'column "id" must appear in the GROUP BY clause or be used in an aggregate function'
    ),
    "SELECT id FROM sales a, sales b": 'column reference "id" is ambiguous',
    "SELECT id FROM sales WHERE SUM(qty) > 1": "aggregates not allowed in WHERE clause",
    "SELECT UPPER(id, id) FROM sales": "function upper(integer, integer) does not exist",
    "SELECT DISTINCT ON (id) id FROM sales": "SELECT DISTINCT ON is not supported",
}


@pytest.mark.parametrize("sql", ERRORS)
def test_query_fails_in_redshifts_words(sales, sql):
    assert sales.error(sql).startswith(f"ERROR: {ERRORS[sql]}")


SYNTAX = {
    "selct 1": ("selct", 1),
    "SELECT a b c FROM sales": ("c", 12),
    "SELECT * FROM sales WHERE": "end",
    "SELECT 1 +": "end",
    "SELECT id, FROM sales": ("FROM", 12),
    "SELECT id FROM sales WHERE id == 1": ("=", 32),
    "SELECT id\nFROM sales\nWHER id = 1": ("id", 27),
    "INSERT INT sales VALUES (1)": ("INT", 8),
}


@pytest.mark.parametrize("sql", [key for key, value in SYNTAX.items() if isinstance(value, tuple)])
def test_syntax_error_names_the_word_and_its_place(sales, sql):
    word, position = SYNTAX[sql]
    assert sales.error(sql) == f'ERROR: syntax error at or near "{word}"\n  Position: {position}'


@pytest.mark.parametrize("sql", [key for key, value in SYNTAX.items() if value == "end"])
def test_syntax_error_at_the_end_says_so(sales, sql):
    assert sales.error(sql).startswith("ERROR: syntax error at end of input")


def test_several_statements_in_one_are_refused(sales):
    assert "cannot insert multiple commands" in sales.error("SELECT 1; SELECT 2")
    assert sales("SELECT 1;") == [(1,)]


def test_text_in_python_variables_and_files_is_no_table(sales, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    assert "does not exist" in sales.error(f'SELECT * FROM "{path}"')
    assert "is not emulated" in sales.error(f"SELECT * FROM read_csv('{path}')")
    assert "does not exist" in sales.error("SELECT * FROM rows")
