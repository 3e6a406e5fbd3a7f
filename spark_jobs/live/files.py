"""Single objects, through the file systems that Spark itself reads and writes with: `s3://` is the
same bucket with the same credentials, and `file:///` a folder.

An object appears whole or not at all: S3 shows it when it is closed.
"""

from typing import Any

from pyspark.sql import SparkSession


class Files:
    """The file systems of a session."""

    def __init__(self, spark: SparkSession) -> None:
        self._jvm: Any = spark.sparkContext._jvm
        self._conf: Any = spark.sparkContext._jsc.hadoopConfiguration()

    def read(self, address: str) -> bytes:
        """An object's content.

        Raises:
            FileNotFoundError: there is none.
        """
        path, system = self._at(address)
        if not system.exists(path):
            raise FileNotFoundError(address)
        stream = system.open(path)
        try:
            content: bytes = self._jvm.org.apache.commons.io.IOUtils.toByteArray(stream)
        finally:
            stream.close()
        return bytes(content)

    def exists(self, address: str) -> bool:
        """Whether there is an object, or one below."""
        path, system = self._at(address)
        return bool(system.exists(path))

    def write(self, address: str, content: bytes) -> None:
        """Write an object, over one that may be there."""
        path, system = self._at(address)
        stream = system.create(path, True)
        stream.write(bytearray(content))
        stream.close()

    def delete(self, address: str) -> None:
        """Delete an object, or all below."""
        path, system = self._at(address)
        system.delete(path, True)

    def _at(self, address: str) -> tuple[Any, Any]:
        path = self._jvm.org.apache.hadoop.fs.Path(address)
        return path, path.getFileSystem(self._conf)
