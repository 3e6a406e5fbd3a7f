"""The stream job's parts: records to events, the events that are still needed, what is written."""
