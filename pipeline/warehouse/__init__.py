"""The warehouse: a star of tables over the lake, and three marts, as SQL that Redshift runs."""
