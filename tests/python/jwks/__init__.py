"""`KeySet` and the clients for JWKS endpoints."""
