"""Who somebody is: the answers of userinfo and of the identity URL, with the keys of recorded ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.kernel.service import Kernel

from .auth import Sessions
from .errors import ApiError
from .ids import full_id
from .org import Org
from .stamps import parse_datetime

_SOAP = {"enterprise": "c", "metadata": "m", "partner": "u", "tooling_soap": "T"}
_REST = {
    "rest": "",
    "sobjects": "sobjects/",
    "search": "search/",
    "query": "query/",
    "recent": "recent/",
    "tooling_rest": "tooling/",
    "feeds": "chatter/feeds",
    "groups": "chatter/groups",
    "users": "chatter/users",
    "feed_items": "chatter/feed-items",
    "feed_elements": "chatter/feed-elements",
}


@dataclass(eq=False)
class IdentityError(Exception):
    """Answered with one word of plain text, unlike the errors of the REST API."""

    word: str
    status: int = 403


@dataclass(frozen=True)
class Identities:
    kernel: Kernel
    sessions: Sessions
    org: Org

    def url(self, user_id: str) -> str:
        return f"{self.kernel.base_url}/id/{self.sessions.organization_id()}/{user_id}"

    def user_of(self, authorization: str | None) -> str:
        """The user id of a session. Raises IdentityError."""
        if not authorization:
            raise IdentityError("Missing_OAuth_Token")
        try:
            return self.sessions.user_of(authorization)
        except ApiError:
            raise IdentityError("Bad_OAuth_Token") from None

    def user_info(self, user_id: str) -> dict[str, Any]:
        user, photos = self.org.user(user_id), self._photos()
        return {
            "sub": self.url(user_id),
            "user_id": user_id,
            "organization_id": self.sessions.organization_id(),
            "preferred_username": user["Username"],
            "nickname": _nickname(user),
            "name": user["Name"],
            "email": user["Email"],
            "email_verified": True,
            "given_name": user.get("FirstName"),
            "family_name": user["LastName"],
            "zoneinfo": user["TimeZoneSidKey"],
            "photos": photos,
            "profile": f"{self.kernel.base_url}/{user_id}",
            "picture": photos["picture"],
            "address": {},
            "is_salesforce_integration_user": False,
            **self._in_both(user),
            "updated_at": _changed(user),
        }

    def identity(self, organization: str, given: str) -> dict[str, Any]:
        """Raises IdentityError for another organization, and for no user of this one."""
        if full_id(organization) != self.sessions.organization_id():
            raise IdentityError("Wrong_Org")
        user_id = full_id(given)
        user = self.org.records.find(user_id) if user_id and user_id.startswith("005") else None
        if user_id is None or user is None:
            raise IdentityError("Bad_Id", 404)
        return {
            "id": self.url(user_id),
            "asserted_user": True,
            "user_id": user_id,
            "organization_id": self.sessions.organization_id(),
            "username": user["Username"],
            "nick_name": _nickname(user),
            "display_name": user["Name"],
            "email": user["Email"],
            "email_verified": True,
            "first_name": user.get("FirstName"),
            "last_name": user["LastName"],
            "timezone": user["TimeZoneSidKey"],
            "photos": self._photos(),
            **dict.fromkeys(f"addr_{part}" for part in ("street", "city", "state", "country", "zip")),
            "mobile_phone": None,
            "mobile_phone_verified": False,
            "is_lightning_login_user": False,
            "status": {"created_date": None, "body": None},
            **self._in_both(user),
            "last_modified_date": _changed(user),
        }

    def _in_both(self, user: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "urls": self._urls(user["Id"]),
            "active": user["IsActive"],
            "user_type": user["UserType"].upper(),
            "language": "en_US",
            "locale": user["LocaleSidKey"],
            "utcOffset": self._offset(user["TimeZoneSidKey"]),
        }

    def _photos(self) -> dict[str, str]:
        folder = f"{self.kernel.base_url}/profilephoto/005"
        return {"picture": f"{folder}/F", "thumbnail": f"{folder}/T"}

    def _urls(self, user_id: str) -> dict[str, str]:
        base, organization = self.kernel.base_url, self.sessions.organization_id()[:15]
        soap = {
            name: f"{base}/services/Soap/{kind}/{{version}}/{organization}" for name, kind in _SOAP.items()
        }
        rest = {name: f"{base}/services/data/v{{version}}/{path}" for name, path in _REST.items()}
        return soap | rest | {"profile": f"{base}/{user_id}", "custom_domain": base}

    def _offset(self, zone: str) -> int:
        """Milliseconds, without the hour of summer time."""
        now = self.kernel.clock.now().astimezone(ZoneInfo(zone))
        whole = (now.utcoffset() or timedelta()) - (now.dst() or timedelta())
        return int(whole.total_seconds() * 1000)


def _nickname(user: Mapping[str, Any]) -> str:
    return str(user["Username"]).partition("@")[0]


def _changed(user: Mapping[str, Any]) -> str:
    moment = parse_datetime(user["LastModifiedDate"])
    assert moment is not None, "records are stamped by us"
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
