-- The star: one row a flight in the middle, small dimensions on every node around it.
-- Keys are declared for the planner and hold true: Redshift does not enforce them.

CREATE TABLE IF NOT EXISTS dim_airline (
    carrier  VARCHAR(4) NOT NULL,
    name     VARCHAR(64),
    PRIMARY KEY (carrier)
) DISTSTYLE ALL SORTKEY (carrier);

CREATE TABLE IF NOT EXISTS dim_airport (
    faa    VARCHAR(4) NOT NULL,
    name   VARCHAR(128),
    lat    DOUBLE PRECISION,
    lon    DOUBLE PRECISION,
    alt    INTEGER,
    tz     INTEGER,
    dst    VARCHAR(4),
    tzone  VARCHAR(64),
    PRIMARY KEY (faa)
) DISTSTYLE ALL SORTKEY (faa);

CREATE TABLE IF NOT EXISTS dim_plane (
    tailnum       VARCHAR(8) NOT NULL,
    year          INTEGER,
    type          VARCHAR(64),
    manufacturer  VARCHAR(64),
    model         VARCHAR(64),
    engines       INTEGER,
    seats         INTEGER,
    speed         INTEGER,
    engine        VARCHAR(32),
    PRIMARY KEY (tailnum)
) DISTSTYLE ALL SORTKEY (tailnum);

CREATE TABLE IF NOT EXISTS dim_date (
    flight_date   DATE NOT NULL,
    year          SMALLINT NOT NULL,
    quarter       SMALLINT NOT NULL,
    month         SMALLINT NOT NULL,
    day           SMALLINT NOT NULL,
    month_name    VARCHAR(16) NOT NULL,
    day_of_week   SMALLINT NOT NULL,
    day_name      VARCHAR(16) NOT NULL,
    is_weekend    BOOLEAN NOT NULL,
    PRIMARY KEY (flight_date)
) DISTSTYLE ALL SORTKEY (flight_date);

CREATE TABLE IF NOT EXISTS fact_flights (
    flight_id            VARCHAR(64) NOT NULL DISTKEY,
    flight_date          DATE NOT NULL REFERENCES dim_date (flight_date),
    carrier              VARCHAR(4) NOT NULL REFERENCES dim_airline (carrier),
    origin               VARCHAR(4) NOT NULL REFERENCES dim_airport (faa),
    dest                 VARCHAR(4) NOT NULL REFERENCES dim_airport (faa),
    tailnum              VARCHAR(8) REFERENCES dim_plane (tailnum),
    flight               INTEGER NOT NULL,
    scheduled_departure  TIMESTAMP NOT NULL ENCODE AZ64,
    departure_hour       SMALLINT NOT NULL,
    scheduled_minutes    INTEGER,
    distance             INTEGER,
    status               VARCHAR(16) NOT NULL,
    cancelled            BOOLEAN NOT NULL,
    departed_at          TIMESTAMP,
    arrived_at           TIMESTAMP,
    dep_delay            INTEGER,
    arr_delay            INTEGER,
    air_time             INTEGER,
    late                 BOOLEAN,
    temp                 DOUBLE PRECISION,
    wind_speed           DOUBLE PRECISION,
    precip               DOUBLE PRECISION,
    visib                DOUBLE PRECISION,
    PRIMARY KEY (flight_id)
) COMPOUND SORTKEY (flight_date, carrier);

-- COPY of Parquet goes by position and converts nothing: the columns, their order and their types are
-- those of the processed files, today's, so the table is made anew. Their partition, the month, is a
-- folder only and no column.
DROP TABLE IF EXISTS staging_flights;
CREATE TABLE staging_flights (
{staging_columns}
) DISTSTYLE EVEN;

CREATE TABLE IF NOT EXISTS mart_carrier_month (
    carrier           VARCHAR(4) NOT NULL,
    carrier_name      VARCHAR(64),
    year              SMALLINT NOT NULL,
    month             SMALLINT NOT NULL,
    flights           BIGINT NOT NULL,
    cancelled         BIGINT NOT NULL,
    arrived           BIGINT NOT NULL,
    on_time_percent   DECIMAL(5, 2),
    mean_arr_delay    DECIMAL(8, 2),
    PRIMARY KEY (carrier, year, month)
) DISTSTYLE ALL SORTKEY (year, month);

CREATE TABLE IF NOT EXISTS mart_hour_weather (
    departure_hour    SMALLINT NOT NULL,
    weather           VARCHAR(16) NOT NULL,
    flights           BIGINT NOT NULL,
    late_percent      DECIMAL(5, 2),
    mean_dep_delay    DECIMAL(8, 2),
    mean_arr_delay    DECIMAL(8, 2),
    PRIMARY KEY (departure_hour, weather)
) DISTSTYLE ALL SORTKEY (departure_hour);

CREATE TABLE IF NOT EXISTS mart_route (
    origin            VARCHAR(4) NOT NULL,
    dest              VARCHAR(4) NOT NULL,
    dest_name         VARCHAR(128),
    flights           BIGINT NOT NULL,
    carriers          BIGINT NOT NULL,
    cancelled         BIGINT NOT NULL,
    late_percent      DECIMAL(5, 2),
    mean_arr_delay    DECIMAL(8, 2),
    worst_arr_delay   INTEGER,
    rank_at_origin    INTEGER,
    PRIMARY KEY (origin, dest)
) DISTSTYLE ALL SORTKEY (origin, rank_at_origin);
