"""The data plane of load balancers: a proxy process that serves a plan and tells what it sees."""
