"""The access keys that the sandbox accepts: its own, and those that STS has given out."""

import secrets
import string
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from botocore.credentials import Credentials

from ..address import Address
from ..aws.caller import Caller

_ALPHABET = string.ascii_uppercase + "234567"
_MOST = 1000  # keys of sessions at a time; one that ended goes first, then the oldest


@dataclass(frozen=True)
class Key:
    """A pair of keys, with the session's token if it has one, and who calls with it."""

    credentials: Credentials
    caller: Caller
    expires: datetime | None = None


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
        now = datetime.now(UTC)
        key = Key(pair, replace(caller, is_temporary=True), now + timedelta(seconds=seconds))
        if len(self._sessions) >= _MOST:
            ended = (name for name, each in self._sessions.items() if each.expires and each.expires < now)
            del self._sessions[next(ended, next(iter(self._sessions)))]
        self._sessions[pair.access_key] = key
        return key
