"""Keys with times of validity: `HistoricalKeys`, and what everything else makes of such JWKs."""

from __future__ import annotations

import pytest
import rapidjwt
from rapidjwt import Key, KeySet, Verifier, arrow

pa = pytest.importorskip("pyarrow")

NOW = 1_900_000_000
OLD, NEW = (Key.generate("ES256", kid=kid) for kid in ("old", "new"))
#: A key that has expired, and one that was revoked.
JWKS = {
    "keys": [
        OLD.public().to_jwk() | {"iat": NOW - 100, "nbf": NOW - 100, "exp": NOW},
        NEW.public().to_jwk() | {"nbf": NOW - 10, "revoked": {"revoked_at": NOW + 50}},
    ]
}


def token(key, **claims):
    return rapidjwt.encode({"sub": "a"} | claims, key, "ES256", headers={"kid": key.kid})


@pytest.mark.parametrize("moment", [NOW - 1000, NOW + 1000])
def test_a_key_set_ignores_times_of_keys_as_pyjwt_does(moment):
    verifier = Verifier(KeySet.from_jwks(JWKS), algorithms=["ES256"])
    tokens = [token(OLD), token(NEW)]
    assert verifier.decode(tokens[0]) == {"sub": "a"}
    assert rapidjwt.PyJWKSet.from_dict(JWKS)["old"].key_id == "old"
    table = pa.table(arrow.verify(verifier, pa.array(tokens), at=moment))
    assert table["valid"].to_pylist() == [True, True]
