-- What people ask first, computed once: three small tables, new for old in one transaction.

DELETE FROM mart_carrier_month;
INSERT INTO mart_carrier_month
SELECT
    f.carrier,
    a.name,
    d.year,
    d.month,
    COUNT(*),
    SUM(CASE WHEN f.cancelled THEN 1 ELSE 0 END),
    COUNT(f.late),
    -- A share of the flights that arrived: a flight without an arrival is neither on time nor late.
    ROUND(100.0 * SUM(CASE WHEN NOT f.late THEN 1 ELSE 0 END) / NULLIF(COUNT(f.late), 0), 2),
    ROUND(AVG(f.arr_delay::DOUBLE PRECISION), 2)
FROM fact_flights AS f
JOIN dim_date AS d ON d.flight_date = f.flight_date
JOIN dim_airline AS a ON a.carrier = f.carrier
GROUP BY f.carrier, a.name, d.year, d.month;

DELETE FROM mart_hour_weather;
INSERT INTO mart_hour_weather
SELECT
    departure_hour,
    weather,
    COUNT(*),
    ROUND(100.0 * SUM(CASE WHEN late THEN 1 ELSE 0 END) / NULLIF(COUNT(late), 0), 2),
    ROUND(AVG(dep_delay::DOUBLE PRECISION), 2),
    ROUND(AVG(arr_delay::DOUBLE PRECISION), 2)
FROM (
    SELECT
        departure_hour,
        late,
        dep_delay,
        arr_delay,
        CASE
            WHEN visib IS NULL THEN 'unknown'
            WHEN visib < 3 THEN 'low visibility'
            WHEN precip > 0 THEN 'wet'
            WHEN wind_speed >= 20 THEN 'windy'
            ELSE 'fair'
        END AS weather
    FROM fact_flights
) AS flights
GROUP BY departure_hour, weather;

DELETE FROM mart_route;
INSERT INTO mart_route
SELECT
    routes.*,
    RANK() OVER (PARTITION BY origin ORDER BY mean_arr_delay DESC NULLS LAST)
FROM (
    SELECT
        f.origin,
        f.dest,
        p.name,
        COUNT(*) AS flights,
        COUNT(DISTINCT f.carrier) AS carriers,
        SUM(CASE WHEN f.cancelled THEN 1 ELSE 0 END) AS cancelled,
        ROUND(100.0 * SUM(CASE WHEN f.late THEN 1 ELSE 0 END) / NULLIF(COUNT(f.late), 0), 2) AS late_percent,
        ROUND(AVG(f.arr_delay::DOUBLE PRECISION), 2) AS mean_arr_delay,
        MAX(f.arr_delay) AS worst_arr_delay
    FROM fact_flights AS f
    JOIN dim_airport AS p ON p.faa = f.dest
    GROUP BY f.origin, f.dest, p.name
) AS routes;

-- Each identity of IAM is a user of its own here, and those who read own nothing.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC;
