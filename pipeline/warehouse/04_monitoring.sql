-- What the monitor found, window by window and check by check: two small marts, new for old.

CREATE TABLE IF NOT EXISTS mart_monitoring_window (
    endpoint             VARCHAR(64) NOT NULL,
    window_start         DATE NOT NULL,
    window_end           DATE NOT NULL,
    model_version        VARCHAR(256),
    outcome              VARCHAR(32) NOT NULL,
    flights              INTEGER,
    known_outcomes       INTEGER,
    auc                  DOUBLE PRECISION,
    brier_skill          DOUBLE PRECISION,
    calibration          DOUBLE PRECISION,
    predicted_late_rate  DOUBLE PRECISION,
    actual_late_rate     DOUBLE PRECISION,
    PRIMARY KEY (endpoint, window_start)
) DISTSTYLE ALL SORTKEY (window_start);

CREATE TABLE IF NOT EXISTS mart_monitoring_check (
    endpoint       VARCHAR(64) NOT NULL,
    window_start   DATE NOT NULL,
    model_version  VARCHAR(256),
    check_name     VARCHAR(32) NOT NULL,
    feature        VARCHAR(64) NOT NULL,
    outcome        VARCHAR(32) NOT NULL,
    value          DOUBLE PRECISION,
    allowed        DOUBLE PRECISION,
    PRIMARY KEY (endpoint, window_start, check_name, feature)
) DISTSTYLE ALL SORTKEY (window_start);

DELETE FROM mart_monitoring_window;
COPY mart_monitoring_window FROM 's3://{lake_bucket}/{windows_key}' IAM_ROLE '{copy_role}' FORMAT AS JSON 'auto';

DELETE FROM mart_monitoring_check;
COPY mart_monitoring_check FROM 's3://{lake_bucket}/{checks_key}' IAM_ROLE '{copy_role}' FORMAT AS JSON 'auto';

-- Each identity of IAM is a user of its own here, and those who read own nothing.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC;
