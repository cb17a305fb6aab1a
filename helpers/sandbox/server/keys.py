"""The access keys that the sandbox accepts: its own, and those that STS has given out."""

import secrets
import string
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from botocore.credentials import Credentials

from ..address import Address
from ..aws.caller import Caller

_ALPHABET = string.ascii_uppercase + "234567"
_MOST = 1000  # keys of sessions at a time; the oldest goes first


@dataclass(frozen=True)
class Key:
    """A pair of keys, with the session's token if it has one, and who calls with it."""

    credentials: Credentials
    caller: Caller
    expires: datetime | None = None

    @property
    def is_of_a_session(self) -> bool:
        """Whether STS has given it out, so that it expires."""
        return self.expires is not None


class Keys:
    """All keys, by access key id; the sandbox's own never expires."""

    def __init__(self, address: Address) -> None:
        own = Credentials(address.access_key_id, address.secret_access_key)
        self._own = Key(own, Caller())
        self._sessions: dict[str, Key] = {}

    def find(self, access_key_id: str) -> Key | None:
        """Return the key of that id; None if there is none."""
        if secrets.compare_digest(access_key_id.encode(), self._own.credentials.access_key.encode()):
            return self._own
        return self._sessions.get(access_key_id)

    def issue(self, caller: Caller, seconds: float) -> Key:
        """Return new keys for a session of that length, as STS gives them out."""
        pair = Credentials(
            "ASIASANDBOX" + "".join(secrets.choice(_ALPHABET) for _ in range(9)),
            secrets.token_urlsafe(30),
            secrets.token_urlsafe(96),
        )
        key = Key(pair, caller, datetime.now(UTC) + timedelta(seconds=seconds))
        while len(self._sessions) >= _MOST:
            self._sessions.pop(next(iter(self._sessions)))
        self._sessions[pair.access_key] = key
        return key
