"""The categories of this package's warnings."""


class RemovedInPyjwt3Warning(DeprecationWarning):
    """The call uses something that PyJWT 3 removes."""


class InsecureKeyLengthWarning(UserWarning):
    """The key is shorter than its algorithm requires.

    HMAC keys must be at least as long as the hash (RFC 7518 Section 3.2), RSA keys at least 2048
    bits (RFC 7518 Section 3.3). The option `enforce_minimum_key_length` turns the warning into an
    InvalidKeyError.
    """
