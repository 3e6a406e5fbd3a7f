-- Whole tables, new for old in one transaction. DELETE and not TRUNCATE, which would commit at once.

DELETE FROM dim_airline;
COPY dim_airline FROM 's3://{lake_bucket}/dimensions/airlines/' IAM_ROLE '{copy_role}' FORMAT AS PARQUET;

DELETE FROM dim_airport;
COPY dim_airport FROM 's3://{lake_bucket}/dimensions/airports/' IAM_ROLE '{copy_role}' FORMAT AS PARQUET;

DELETE FROM dim_plane;
COPY dim_plane FROM 's3://{lake_bucket}/dimensions/planes/' IAM_ROLE '{copy_role}' FORMAT AS PARQUET;

DELETE FROM staging_flights;
COPY staging_flights FROM 's3://{lake_bucket}/processed/flights/' IAM_ROLE '{copy_role}' FORMAT AS PARQUET;

-- Members that flights name and the tables lack: four airports, one plane in seven. With them every
-- flight finds its dimensions, and the declared references are true.
INSERT INTO dim_airline (carrier)
SELECT DISTINCT carrier FROM staging_flights
WHERE carrier NOT IN (SELECT carrier FROM dim_airline);

INSERT INTO dim_airport (faa)
SELECT DISTINCT code
FROM (SELECT origin AS code FROM staging_flights UNION SELECT dest FROM staging_flights) AS named
WHERE code NOT IN (SELECT faa FROM dim_airport);

INSERT INTO dim_plane (tailnum)
SELECT DISTINCT tailnum FROM staging_flights
WHERE tailnum IS NOT NULL AND tailnum NOT IN (SELECT tailnum FROM dim_plane);

DELETE FROM dim_date;
INSERT INTO dim_date
SELECT
    flight_date,
    DATE_PART(year, flight_date),
    DATE_PART(quarter, flight_date),
    DATE_PART(month, flight_date),
    DATE_PART(day, flight_date),
    TO_CHAR(flight_date, 'FMMonth'),
    day_of_week,
    TO_CHAR(flight_date, 'FMDay'),
    day_of_week >= 6
FROM (SELECT DISTINCT flight_date, day_of_week FROM staging_flights) AS days;

DELETE FROM fact_flights;
INSERT INTO fact_flights
SELECT
    flight_id,
    flight_date,
    carrier,
    origin,
    dest,
    tailnum,
    flight,
    scheduled_departure,
    departure_minute / 60,
    scheduled_minutes,
    distance,
    status,
    status = 'planned',
    departed_at,
    arrived_at,
    dep_delay,
    arr_delay,
    air_time,
    late,
    temp,
    wind_speed,
    precip,
    visib
FROM staging_flights;

DELETE FROM staging_flights;
