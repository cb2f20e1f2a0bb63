"""Status List Tokens, as their issuer makes them (Section 5.1 of the draft)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rapidjwt._rapidjwt import Signer
from rapidjwt.keyring import KeyRing

if TYPE_CHECKING:
    from rapidjwt._rapidjwt import _SigningKey
    from rapidjwt.types import Algorithm

    from .statuses import Statuses

#: The `typ` of a Status List Token.
TYPE = "statuslist+jwt"
#: The media type of the answer that has the token as its body.
MEDIA_TYPE = f"application/{TYPE}"


class StatusListIssuer:
    """Makes Status List Tokens, and what other tokens refer to them by.

    Arguments:
        key: the private key, as for `Signer`, or a `KeyRing`.
        uri: where the token is published.
        statuses: the statuses; change them at any time.
        algorithm: the `alg`, as for `Signer`.
        ttl: for how many seconds verifiers may keep a token before they ask for a newer one.
        lifetime: for how many seconds they may rely on it if they cannot get a newer one.
        issuer: the `iss` of the token, if it has one.

    Raises `ValueError` if `ttl` is not above 0, or longer than `lifetime`; errors of `Signer`.

    """

    def __init__(
        self,
        key: _SigningKey | KeyRing,
        uri: str,
        statuses: Statuses,
        *,
        algorithm: Algorithm | None = None,
        ttl: int = 300,
        lifetime: int = 3600,
        issuer: str | None = None,
    ) -> None:
        """Take the key, the address, the statuses and the times."""
        if not 0 < ttl <= lifetime:
            raise ValueError("ttl must be above 0, and not longer than lifetime")
        headers = {"typ": TYPE}
        self._signer = (
            key.signer(headers=headers, issuer=issuer, lifetime=lifetime)
            if isinstance(key, KeyRing)
            else Signer(key, algorithm, headers=headers, issuer=issuer, lifetime=lifetime)
        )
        self._uri, self._statuses, self._ttl = uri, statuses, ttl

    def token(self) -> str:
        """Return a Status List Token of the statuses as they are now; errors as `Signer.encode`."""
        return self._signer.encode(
            {
                "sub": self._uri,
                "iat": int(time.time()),
                "ttl": self._ttl,
                "status_list": self._statuses.to_claim(),
            }
        )

    def reference(self, index: int) -> dict[str, Any]:
        """Return the claim `status` for the token with this index (Section 6.2).

        Give each token an index of its own; a random one that is free reveals nothing about it.
        Raises IndexError for one beyond the list.
        """
        _ = self._statuses[index]
        return {"status_list": {"idx": index, "uri": self._uri}}
