"""The weather as it was known at a moment, as `spark_jobs/weather.py` defines it, in arrays."""

import numpy as np
import pandas as pd

from pipeline.contracts.features import HIGHEST_WIND_MPH, WEATHER, WEATHER_STALE

NAMES = [column.name for column in WEATHER]
STALE = int(WEATHER_STALE.total_seconds())


def with_weather(asked: pd.DataFrame, observations: pd.DataFrame) -> pd.DataFrame:
    """The last observation of rows with `origin` and `at`; nothing is NaN."""
    found = pd.DataFrame(np.nan, index=asked.index, columns=NAMES)
    seen = plausible(observations).sort_values(["event_time", "observed_at"])
    for origin, rows in asked.groupby("origin").groups.items():
        of_origin = seen[seen.origin == origin]
        if of_origin.empty:
            continue
        at = asked.loc[rows, "at"].to_numpy()
        known_at = of_origin.event_time.to_numpy()
        last = np.searchsorted(known_at, at, side="right") - 1
        fresh = (last >= 0) & (known_at[last] > at - STALE)
        values = of_origin[NAMES].to_numpy()[last]
        found.loc[rows, NAMES] = np.where(fresh[:, None], values, np.nan)
    return found


def plausible(observations: pd.DataFrame) -> pd.DataFrame:
    """Winds that no instrument can have measured are unknown."""
    winds = {
        name: observations[name].where(observations[name] <= HIGHEST_WIND_MPH)
        for name in ("wind_speed", "wind_gust")
    }
    return observations.assign(**winds)
