"""Keys in SoftHSM 2, a PKCS #11 module in software, for a key ring.

The variables `SOFTHSM2_CONF` and `PKCS11_MODULE` say where its tokens are, and where the module is.
"""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING, Any

import pkcs11
from pkcs11 import Attribute, KeyType, ObjectClass
from pkcs11.util.ec import encode_named_curve_parameters
from rapidjwt.keyring import RemoteKeys
from rapidjwt.remote.pkcs11 import lock, remote_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from rapidjwt.remote import RemoteKey

LABEL, PIN = "rotation", "1234"
_CURVE = {Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}


def hsm_keys(created: Callable[[], None]) -> RemoteKeys:
    """Log in, and return the functions for a key ring; `created` is called for each new key."""
    token = pkcs11.lib(os.environ["PKCS11_MODULE"]).get_token(token_label=LABEL)
    login: Any = token.open(user_pin=PIN, rw=True)  # for all sessions of this process

    def create() -> str:
        label = uuid.uuid4().hex
        with lock:
            parameters = login.create_domain_parameters(KeyType.EC, _CURVE, local=True)
            parameters.generate_keypair(label=label, store=True)
        created()
        return label

    def open_key(label: str) -> RemoteKey:
        with lock:
            return remote_key(
                login.get_key(object_class=ObjectClass.PRIVATE_KEY, label=label),
                login.get_key(object_class=ObjectClass.PUBLIC_KEY, label=label),
            )

    def remove(label: str) -> None:
        with lock:
            for each in list(login.get_objects({Attribute.LABEL: label})):
                each.destroy()

    return RemoteKeys(create=create, open=open_key, remove=remove)
