"""EventBridge: rules on event buses and schedules, and the services that they call."""
