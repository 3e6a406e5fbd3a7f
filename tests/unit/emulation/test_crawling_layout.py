"""Which folders become tables, and which their partitions."""

from emulation.compute.crawling.formats import Content
from emulation.compute.crawling.layout import Found, Grouping, find_tables, table_name

FLIGHTS = Content("json", (("id", "int"), ("carrier", "string"), ("late", "boolean")), 1)
WEATHER = Content("json", (("temp", "double"), ("wind", "double")), 1)
AIRPORTS = Content("csv", (("code", "string"), ("name", "string")), 1, delimiter=",")


def tables(files: dict[str, Content], root: str = "lake/", **rules):
    found = [Found(key, 10, content) for key, content in files.items()]
    return {
        table.location: (table.keys, [tuple(v for _, v in p.values) for p in table.partitions])
        for table in find_tables(root, found, Grouping(**rules))
    }


def test_folders_named_by_keys_are_partitions():
    assert tables({"lake/year=2013/month=01/a": FLIGHTS, "lake/year=2013/month=02/b": FLIGHTS}) == {
        "lake/": (("year", "month"), [("2013", "01"), ("2013", "02")])
    }


def test_folders_without_keys_are_numbered():
    assert tables({"lake/2013/01/a": FLIGHTS, "lake/2013/02/b": FLIGHTS}) == {
        "lake/": (("partition_0", "partition_1"), [("2013", "01"), ("2013", "02")])
    }


def test_folders_that_differ_are_tables():
    files = {"lake/f/m=1/a": FLIGHTS, "lake/f/m=2/a": FLIGHTS, "lake/w/a": WEATHER}
    assert tables(files) == {"lake/f/": (("m",), [("1",), ("2",)]), "lake/w/": ((), [()])}


def test_folders_of_another_depth_are_tables():
    assert set(tables({"lake/a/x": FLIGHTS, "lake/b/m=1/x": FLIGHTS})) == {"lake/a/", "lake/b/"}


def test_files_that_differ_in_one_folder_are_tables():
    assert set(tables({"lake/a.json": FLIGHTS, "lake/b.csv": AIRPORTS})) == {
        "lake/a.json",
        "lake/b.csv",
    }


def test_a_file_beside_folders_is_a_table():
    assert set(
        tables({"lake/a.json": FLIGHTS, "lake/m=1/b.json": FLIGHTS, "lake/m=2/b": FLIGHTS})
    ) == {
        "lake/a.json",
        "lake/m=1/",
        "lake/m=2/",
    }


def test_similar_schemas_are_one_table_and_combined_ones_always():
    more = Content("json", (*FLIGHTS.columns, ("gate", "string")), 1)
    assert len(tables({"lake/1/a": FLIGHTS, "lake/2/a": more})) == 1
    assert len(tables({"lake/1/a": FLIGHTS, "lake/2/a": WEATHER})) == 2
    assert len(tables({"lake/1/a": FLIGHTS, "lake/2/a": WEATHER}, combine=True)) == 1


def test_tables_can_be_told_to_begin_at_a_level():
    files = {"lake/a/x": FLIGHTS, "lake/b/x": FLIGHTS}
    assert set(tables(files, root="")) == {""}
    assert set(tables(files, root="", level=2)) == {"lake/"}
    assert set(tables(files, root="", level=3)) == {"lake/a/", "lake/b/"}


def test_a_key_that_is_a_column_gets_a_number():
    assert tables({"lake/carrier=UA/a": FLIGHTS, "lake/carrier=AA/a": FLIGHTS}) == {
        "lake/": (("partition_0",), [("UA",), ("AA",)])
    }


def test_table_names_are_letters_digits_and_underscores():
    assert table_name("raw/type=Planned/") == "type_planned"
    assert table_name("raw/a-b.json") == "a_b_json"
