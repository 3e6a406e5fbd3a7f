-- Redshift's functions where DuckDB has none of the name or another meaning of it.
-- Each statement makes one macro in the schema that every session searches last.

create macro rs_getdate() as date_trunc('second', current_timestamp at time zone 'UTC');
create macro rs_sysdate() as current_timestamp at time zone 'UTC';

create macro rs_trunc
  (a timestamp) as cast(a as date),
  (a date) as a,
  (a) as trunc(a),
  (a, n) as trunc(a, n);

create macro rs_add_months(d, n) as
  case
    when last_day(cast(d as timestamp)) = cast(cast(d as timestamp) as date)
    then cast(last_day(cast(d as timestamp) + to_months(cast(n as integer))) as timestamp)
         + (cast(d as timestamp) - date_trunc('day', cast(d as timestamp)))
    else cast(d as timestamp) + to_months(cast(n as integer))
  end;

create macro rs_months_between(a, b) as
  case
    when (day(cast(a as timestamp)) = day(cast(b as timestamp)))
      or (last_day(cast(a as timestamp)) = cast(cast(a as timestamp) as date)
          and last_day(cast(b as timestamp)) = cast(cast(b as timestamp) as date))
    then cast(12 * (year(cast(a as timestamp)) - year(cast(b as timestamp)))
              + month(cast(a as timestamp)) - month(cast(b as timestamp)) as double)
    else 12 * (year(cast(a as timestamp)) - year(cast(b as timestamp)))
         + month(cast(a as timestamp)) - month(cast(b as timestamp))
         + (day(cast(a as timestamp)) - day(cast(b as timestamp))) / cast(31 as double)
         + (epoch(cast(a as timestamp)) % 86400 - epoch(cast(b as timestamp)) % 86400)
           / cast(31 * 86400 as double)
  end;

create macro rs_next_day(d, name) as
  cast(d as date) + cast(
    coalesce(nullif(
      (list_position(['su','mo','tu','we','th','fr','sa'], lower(left(name, 2))) - 1
       - dayofweek(cast(d as date)) + 7) % 7, 0), 7) as integer);

create macro rs_date_cmp(a, b) as
  case when cast(a as date) < cast(b as date) then -1
       when cast(a as date) > cast(b as date) then 1
       when cast(a as date) = cast(b as date) then 0 end;
create macro rs_timestamp_cmp(a, b) as
  case when cast(a as timestamp) < cast(b as timestamp) then -1
       when cast(a as timestamp) > cast(b as timestamp) then 1
       when cast(a as timestamp) = cast(b as timestamp) then 0 end;

create macro rs_convert_timezone
  (target, ts) as (cast(ts as timestamp) at time zone 'UTC') at time zone target,
  (source, target, ts) as (cast(ts as timestamp) at time zone source) at time zone target;

create macro rs_substring
  (s, start) as substring(cast(s as varchar), cast(greatest(start, 1) as bigint)),
  (s, start, length) as
    case
      when length < 0 then error('REDSHIFT:negative substring length not allowed')
      when start < 1 then substring(cast(s as varchar), 1, cast(greatest(length + start - 1, 0) as bigint))
      else substring(cast(s as varchar), cast(start as bigint), cast(length as bigint))
    end;
create macro rs_left(s, n) as left(cast(s as varchar), cast(n as bigint));
create macro rs_right(s, n) as right(cast(s as varchar), cast(n as bigint));
create macro rs_initcap(s) as
  array_to_string(list_transform(regexp_extract_all(lower(s), '[a-z0-9]+|[^a-z0-9]+'),
    lambda w: upper(left(w, 1)) || substring(w, 2)), '');
create macro rs_lpad
  (s, n) as lpad(cast(s as varchar), cast(n as integer), ' '),
  (s, n, fill) as lpad(cast(s as varchar), cast(n as integer), fill);
create macro rs_rpad
  (s, n) as rpad(cast(s as varchar), cast(n as integer), ' '),
  (s, n, fill) as rpad(cast(s as varchar), cast(n as integer), fill);
create macro rs_ltrim
  (s) as ltrim(cast(s as varchar)),
  (s, characters) as ltrim(cast(s as varchar), characters);
create macro rs_rtrim
  (s) as rtrim(cast(s as varchar)),
  (s, characters) as rtrim(cast(s as varchar), characters);
create macro rs_btrim
  (s) as trim(cast(s as varchar)),
  (s, characters) as trim(cast(s as varchar), characters);
create macro rs_charindex(part, s) as strpos(cast(s as varchar), cast(part as varchar));
create macro rs_split_part(s, delimiter, part) as
  case when part < 1 then error('REDSHIFT:field position must be greater than zero')
       else split_part(cast(s as varchar), delimiter, cast(part as bigint)) end;
create macro rs_replace(s, old, new) as replace(cast(s as varchar), cast(old as varchar), cast(new as varchar));
create macro rs_strtol(s, base) as
  case when base = 16 then cast('0x' || regexp_replace(lower(s), '^0x', '') as bigint)
       when base = 10 then cast(s as bigint)
       when base = 2 then cast('0b' || s as bigint)
       else error('REDSHIFT:STRTOL with this base is not emulated') end;
create macro rs_quote_ident(s) as
  case when regexp_full_match(s, '[a-z_][a-z0-9_$]*') then s
       else '"' || replace(s, '"', '""') || '"' end;
create macro rs_quote_literal(s) as '''' || replace(replace(s, '\', '\\'), '''', '''''') || '''';
create macro rs_octet_length(s) as cast(strlen(cast(s as varchar)) as integer);
create macro rs_len(s) as cast(length(cast(s as varchar)) as integer);
create macro rs_concat(a, b) as cast(a as varchar) || cast(b as varchar);
create macro rs_sha2(s, bits) as
  case when bits in (0, 256) then sha256(s)
       else error('REDSHIFT:SHA2 with this size is not emulated') end;
create macro rs_to_hex(n) as lower(to_hex(n));
create macro rs_nvl2(a, b, c) as case when a is not null then b else c end;

create macro rs_regexp_replace
  (s, pattern) as regexp_replace(s, pattern, '', 'g'),
  (s, pattern, new) as regexp_replace(s, pattern, regexp_replace(new, '\$(\d)', '\\\1', 'g'), 'g');
create macro rs_regexp_substr
  (s, pattern) as regexp_extract(s, pattern);
create macro rs_regexp_count
  (s, pattern) as cast(len(regexp_extract_all(s, pattern)) as integer);
create macro rs_regexp_instr
  (s, pattern) as
    case when regexp_matches(s, pattern)
         then cast(strpos(s, regexp_extract(s, pattern)) as integer) else 0 end;

create macro rs_log(x) as log10(cast(x as double));
create macro rs_ln(x) as ln(cast(x as double));
create macro rs_exp(x) as exp(cast(x as double));
create macro rs_sqrt(x) as sqrt(cast(x as double));
create macro rs_power(x, y) as pow(cast(x as double), cast(y as double));
create macro rs_mod(a, b) as a % b;
create macro rs_sign(x) as sign(x);
create macro rs_random() as random();

create macro rs_json_at(s, path) as
  case
    when s is null then null
    when not json_valid(s) then error('REDSHIFT:JSON parsing error')
    when json_type(s, path) = 'NULL' then ''
    else coalesce(json_extract_string(s, path), '')
  end;
create macro rs_is_valid_json(s) as json_valid(s) and json_type(s) = 'OBJECT';
create macro rs_is_valid_json_array(s) as json_valid(s) and json_type(s) = 'ARRAY';
create macro rs_json_array_length(s) as cast(json_array_length(s) as integer);
create macro rs_json_parse(s) as cast(cast(s as json) as variant);
create macro rs_json_serialize(v) as cast(cast(v as json) as varchar);
create macro rs_can_json_parse(s) as json_valid(s);

-- DuckDB writes a whole double as 1.0, and reads '1.7', '1e3' and '0x10' as integers.
create macro rs_text(a) as
  case when typeof(a) in ('DOUBLE', 'FLOAT')
       then regexp_replace(cast(a as varchar), '\.0($|e)', '\1') else cast(a as varchar) end;
create macro rs_whole(a, shown) as
  case when typeof(a) = 'VARCHAR' and not regexp_full_match(trim(cast(a as varchar)), '[+-]?[0-9]+')
       then error('REDSHIFT:invalid input syntax for ' || shown || ': "' || cast(a as varchar) || '"')
       else a end;

create macro rs_fit(s, most, shown) as
  case
    when s is null or strlen(s) <= most then s
    when strlen(rtrim(s, ' ')) <= most
    then rtrim(s, ' ') || repeat(' ', most - strlen(rtrim(s, ' ')))
    else error('REDSHIFT:value too long for type ' || shown)
  end;
create macro rs_cut(s, most) as
  case when strlen(s) <= most then s else left(s, cast(most as bigint)) end;
