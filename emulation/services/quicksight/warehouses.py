"""The warehouse as QuickSight reads it: Redshift's SQL of a data set, translated by the warehouse's
own rules, inside of queries that its engine runs. So aggregates of a visual are computed where the
data is, and rows never travel.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from emulation.compute.redshift_sql.dialect import parse
from emulation.compute.redshift_sql.errors import SqlError, translate
from emulation.compute.redshift_sql.statements import Query, read
from emulation.compute.redshift_sql.tokens import split
from emulation.compute.redshift_sql.translate import Translator
from emulation.compute.visuals.errors import DataError
from emulation.compute.visuals.relation import Row
from emulation.compute.visuals.spice import CopyReader
from emulation.compute.warehouse.session import Session
from emulation.services.redshift_data.s3_objects import GatewayObjects
from emulation.services.redshift_serverless.warehouse import warehouse
from emulation.services.scope import Scope


@dataclass(frozen=True, slots=True)
class Place:
    """A database of a namespace; without one, the copies of this machine."""

    namespace: str = ""
    database: str = ""

    def reader(self, scope: Scope) -> "WarehouseReader | CopyReader":
        """Runs queries there."""
        return WarehouseReader(scope, self) if self.namespace else CopyReader()


COPIES = Place()


@contextmanager
def session_at(scope: Scope, place: Place) -> Iterator[Session]:
    """A session on a database.

    Raises:
        DataError: the database is not there, or refuses what is done with it.
    """
    session = None
    try:
        namespace = warehouse().open(place.namespace)
        objects = GatewayObjects(scope.account, scope.region)
        session = namespace.session(place.database, objects, 0)
        yield session
    except SqlError as error:
        raise DataError(error.text()) from error
    finally:
        if session is not None:
            session.close()


def translated(scope: Scope, place: Place, sql: str) -> str:
    """A query in Redshift's SQL as the engine takes it.

    Raises:
        DataError: it is no query, or names what is not there.
    """
    with session_at(scope, place) as session:
        return translated_in(session, sql)


def translated_in(session: Session, sql: str) -> str:
    """The same, in a session.

    Raises:
        DataError: it is no query.
    """
    text = sql.strip().rstrip(";")
    if len(split(text)) > 1 or not isinstance(read(text), Query):
        raise DataError("A data set's SQL is one query that begins with SELECT or WITH.")
    try:
        return Translator(session.catalogue).query(parse(text)).sql
    except duckdb.Error as error:
        raise DataError(refusal(error)) from error


class WarehouseReader:
    """Runs queries in the engine's own SQL on a database."""

    def __init__(self, scope: Scope, place: Place) -> None:
        self._scope = scope
        self._place = place

    def rows(self, sql: str) -> list[Row]:
        """All rows of a query.

        Raises:
            DataError: the engine refuses it.
        """
        with session_at(self._scope, self._place) as session:
            try:
                return session.connection.execute(sql).fetchall()
            except duckdb.Error as error:
                raise DataError(refusal(error)) from error


def refusal(error: duckdb.Error) -> str:
    """The engine's refusal in Redshift's words."""
    found = translate(error)
    return found.text() if isinstance(found, SqlError) else "The query was cancelled."
