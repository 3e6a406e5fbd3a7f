-- Redshift's system views over what a database holds. Made anew in the hidden schema of each
-- database whenever it is opened; `{database}` stands for its name.

create or replace view svv_all_relations as
  select '{database}' as database_name, schema_name, table_name,
         'TABLE' as table_type, created
  from _rs.tables
  union all
  select '{database}', schema_name, view_name, 'VIEW', created from _rs.views;

create or replace view svv_tables as
  select database_name as table_catalog, schema_name as table_schema, table_name,
         case when table_type = 'VIEW' then 'VIEW' else 'BASE TABLE' end as table_type,
         cast(null as varchar) as remarks
  from _rs.svv_all_relations;

create or replace view svv_all_tables as
  select database_name, schema_name, table_name, cast(null as varchar) as table_acl,
         table_type, cast(null as varchar) as remarks
  from _rs.svv_all_relations;
create or replace view svv_redshift_tables as select * from _rs.svv_all_tables;

create or replace view svv_columns as
  select '{database}' as table_catalog, schema_name as table_schema, table_name, column_name,
         position as ordinal_position, default_text as column_default,
         case when not_null then 'NO' else 'YES' end as is_nullable,
         regexp_replace(display, '\(.*\)', '') as data_type,
         case when type_name in ('varchar', 'bpchar') then length end as character_maximum_length,
         case type_name when 'int2' then 16 when 'int4' then 32 when 'int8' then 64
              when 'numeric' then precision end as numeric_precision,
         cast(null as integer) as numeric_precision_radix,
         case when type_name = 'numeric' then scale
              when type_name in ('int2', 'int4', 'int8') then 0 end as numeric_scale,
         cast(null as integer) as datetime_precision, cast(null as varchar) as interval_type,
         cast(null as varchar) as interval_precision, cast(null as varchar) as character_set_catalog,
         cast(null as varchar) as character_set_schema, cast(null as varchar) as character_set_name,
         cast(null as varchar) as collation_catalog, cast(null as varchar) as collation_schema,
         cast(null as varchar) as collation_name, cast(null as varchar) as domain_name,
         cast(null as varchar) as remarks
  from _rs.columns;

create or replace view svv_all_columns as
  select table_catalog as database_name, table_schema as schema_name, table_name, column_name,
         ordinal_position, column_default, is_nullable, data_type, character_maximum_length,
         numeric_precision, numeric_scale, remarks
  from _rs.svv_columns;
create or replace view svv_redshift_columns as
  select c.database_name, c.schema_name, c.table_name, c.column_name, c.ordinal_position,
         c.data_type, c.column_default, c.is_nullable, o.encoding, o.distkey, o.sortkey,
         cast(null as varchar) as column_acl, c.remarks
  from _rs.svv_all_columns c
  join _rs.columns o on o.schema_name = c.schema_name and o.table_name = c.table_name
                    and o.column_name = c.column_name;

create or replace view svv_schemas as
  select '{database}' as database_name, schema_name, 100 as schema_owner,
         'local' as schema_type, cast(null as varchar) as schema_acl, cast(null as varchar) as source_database,
         cast(null as varchar) as schema_option
  from _rs.schemas;
create or replace view svv_all_schemas as
  select database_name, schema_name, schema_owner, schema_type, schema_acl, source_database, schema_option
  from _rs.svv_schemas;
create or replace view svv_redshift_schemas as select * from _rs.svv_all_schemas;

create or replace view svv_table_info as
  select '{database}' as database, t.schema_name as schema, d.table_oid as table_id,
         t.table_name as "table", 'Y' as encoded,
         case when t.diststyle = 'KEY'
              then 'KEY(' || (select min(column_name) from _rs.columns c
                              where c.schema_name = t.schema_name and c.table_name = t.table_name
                                and c.distkey) || ')'
              when t.diststyle = 'AUTO' then 'AUTO(ALL)' else t.diststyle end as diststyle,
         (select min(column_name) from _rs.columns c
          where c.schema_name = t.schema_name and c.table_name = t.table_name and c.sortkey = 1) as sortkey1,
         (select max(length) from _rs.columns c
          where c.schema_name = t.schema_name and c.table_name = t.table_name
            and c.type_name = 'varchar') as max_varchar,
         (select count(*) from _rs.columns c
          where c.schema_name = t.schema_name and c.table_name = t.table_name and c.sortkey > 0) as sortkey_num,
         d.estimated_size as tbl_rows
  from _rs.tables t
  join duckdb_tables() d on d.database_name = '{database}' and d.schema_name = t.schema_name
                        and d.table_name = t.table_name;

create or replace view pg_table_def as
  select schema_name as schemaname, table_name as tablename, column_name as "column",
         display as type, case when encoding = '' then 'none' else encoding end as encoding,
         distkey, sortkey, not_null as notnull
  from _rs.columns where table_name in (select table_name from _rs.tables);

create or replace view pg_tables as
  select schema_name as schemaname, table_name as tablename, 'admin' as tableowner,
         cast(null as varchar) as tablespace, false as hasindexes, false as hasrules, false as hastriggers
  from _rs.tables;
create or replace view pg_views as
  select schema_name as schemaname, view_name as viewname, 'admin' as viewowner, definition
  from _rs.views;
create or replace view pg_namespace as
  select 2200 + row_number() over (order by schema_name) as oid, schema_name as nspname,
         100 as nspowner, cast(null as varchar) as nspacl
  from _rs.schemas;
create or replace view pg_class as
  select 100000 + row_number() over (order by r.schema_name, r.table_name) as oid,
         r.table_name as relname, n.oid as relnamespace,
         case when r.table_type = 'VIEW' then 'v' else 'r' end as relkind, 100 as relowner
  from _rs.svv_all_relations r join _rs.pg_namespace n on n.nspname = r.schema_name;
create or replace view pg_attribute as
  select k.oid as attrelid, c.column_name as attname, c.position as attnum, c.not_null as attnotnull,
         false as attisdropped
  from _rs.columns c
  join _rs.pg_namespace n on n.nspname = c.schema_name
  join _rs.pg_class k on k.relname = c.table_name and k.relnamespace = n.oid;
create or replace view pg_user as
  select 'admin' as usename, 100 as usesysid, true as usecreatedb, true as usesuper;

create or replace view is_tables as
  select table_catalog, table_schema, table_name, table_type from _rs.svv_tables;
create or replace view is_columns as
  select table_catalog, table_schema, table_name, column_name, ordinal_position, column_default,
         is_nullable, data_type, character_maximum_length, numeric_precision, numeric_scale
  from _rs.svv_columns;
create or replace view is_views as
  select '{database}' as table_catalog, schema_name as table_schema, view_name as table_name,
         definition as view_definition
  from _rs.views;
create or replace view is_schemata as
  select '{database}' as catalog_name, schema_name, 'admin' as schema_owner from _rs.schemas;

create or replace view stl_load_errors as
  select 100 as userid, 0 as slice, query, starttime, 0 as session, filename, line_number, colname,
         type, col_length, 0 as position, raw_line, raw_field_value, err_code, err_reason
  from rs_system.main.load_errors where database_name = '{database}';
create or replace view sys_load_error_detail as
  select 100 as user_id, query as query_id, starttime as start_time, filename as file_name,
         line_number, colname as column_name, type as column_type, col_length as column_length,
         0 as position, raw_field_value as column_value, raw_line as record, err_code as error_code,
         err_reason as error_message, '{database}' as database_name
  from rs_system.main.load_errors where database_name = '{database}';
create or replace view stl_query as
  select 100 as userid, query, starttime, endtime, querytxt, '{database}' as database,
         aborted, pid
  from rs_system.main.queries where database_name = '{database}';
create or replace view sys_query_history as
  select 100 as user_id, query as query_id, starttime as start_time, endtime as end_time,
         querytxt as query_text, '{database}' as database_name, status, error as error_message,
         rows as returned_rows, pid as session_id
  from rs_system.main.queries where database_name = '{database}';
