"""Shared by all tests."""

from redis_server import redis_cluster, redis_server  # noqa: F401 - fixtures
