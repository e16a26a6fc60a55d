"""The one SOAP operation that integrations still use: login, in API versions before 65.0."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from .grants import Grants
from .org import Org

LAST_VERSION = 64
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_WRONG = "Invalid username, password, security token; or user locked out."
_DISABLED = "SOAP API login() is disabled by default in this org."


@dataclass(eq=False)
class SoapFault(Exception):
    """Answered with 500. `code` None is a fault of SOAP itself, not of the login."""

    code: str | None
    text: str

    def body(self) -> str:
        if self.code is None:
            return _envelope(
                f"<soapenv:Fault><faultcode>soapenv:Client</faultcode><faultstring>{escape(self.text)}"
                "</faultstring></soapenv:Fault>"
            )
        return _envelope(
            f"<soapenv:Fault><faultcode>sf:{self.code}</faultcode><faultstring>{self.code}: "
            f'{escape(self.text)}</faultstring><detail><sf:LoginFault xsi:type="sf:LoginFault">'
            f"<sf:exceptionCode>{self.code}</sf:exceptionCode><sf:exceptionMessage>{escape(self.text)}"
            "</sf:exceptionMessage></sf:LoginFault></detail></soapenv:Fault>",
            ' xmlns:sf="urn:fault.partner.soap.sforce.com"',
        )


def log_in(grants: Grants, org: Org, version: int, request: bytes) -> str:
    """The envelope of a successful login. Raises SoapFault."""
    operation = _operation(request)
    if version > LAST_VERSION or _local(operation.tag) != "login":
        tag = operation.tag if operation.tag.startswith("{") else f"{{}}{operation.tag}"
        raise SoapFault(None, f"No operation available for request {tag}")
    if not grants.switches().soap_login:
        raise SoapFault("INVALID_OPERATION", _DISABLED)
    given = {_local(child.tag): child.text or "" for child in operation}
    user = grants.sessions.integration_user()
    known = grants.check_password(given.get("username", ""), given.get("password", ""))
    if not known or not user["IsActive"]:
        raise SoapFault("INVALID_LOGIN", _WRONG)
    return _result(grants, org, user["Id"], version)


def _operation(request: bytes) -> ElementTree.Element:
    """What stands in the envelope's body. Raises SoapFault."""
    try:
        envelope = ElementTree.fromstring(request)
    except ElementTree.ParseError as problem:
        raise SoapFault(None, f"Unable to parse the request: {problem}") from None
    body = envelope.find(f"{{{_ENVELOPE}}}Body")
    if body is None or len(body) == 0:
        raise SoapFault(None, "The request has no body")
    return body[0]


def _local(tag: str) -> str:
    return tag.rsplit("}", 1)[-1]


def _result(grants: Grants, org: Org, user_id: str, version: int) -> str:
    user, organization = org.user(user_id), grants.sessions.organization_id()
    base = grants.kernel.base_url
    result = {
        "metadataServerUrl": f"{base}/services/Soap/m/{version}.0/{organization}",
        "passwordExpired": "false",
        "sandbox": "false",
        "serverUrl": f"{base}/services/Soap/u/{version}.0/{organization}",
        "sessionId": grants.sessions.issue(user_id),
        "userId": user_id,
    }
    told = {
        "organizationId": organization,
        "organizationName": "TaskBridge Sandbox",
        "sessionSecondsValid": str(grants.switches().session_seconds),
        "userEmail": user["Email"],
        "userFullName": user["Name"],
        "userId": user_id,
        "userName": user["Username"],
        "userTimeZone": user["TimeZoneSidKey"],
        "userType": user["UserType"],
    }
    inner = f"{_elements(result)}<userInfo>{_elements(told)}</userInfo>"
    return _envelope(
        f"<loginResponse><result>{inner}</result></loginResponse>", ' xmlns="urn:partner.soap.sforce.com"'
    )


def _elements(values: dict[str, str]) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items())


def _envelope(inner: str, namespaces: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="{_ENVELOPE}"{namespaces} '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
        f"{inner}</soapenv:Body></soapenv:Envelope>"
    )
