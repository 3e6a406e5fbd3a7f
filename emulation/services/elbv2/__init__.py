"""Elastic Load Balancing: application load balancers with a data plane that carries requests."""
