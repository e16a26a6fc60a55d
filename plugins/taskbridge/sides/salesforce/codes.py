"""Salesforce's exception codes (of calls) and status codes (of rows), in families: what they mean and who must act.

Names are those of the enumerations ExceptionCode and StatusCode. Codes with a meaning of their own for tasks stand in
`outcomes`, and come before. A code that no family lists is put by `PATTERNS`, as far as its name says what it means.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Family:
    """Codes that mean the same for a task. Category and reaction are those of `outcomes`, by their values; `of_call`:
    where one answers a call, no row of it is the reason."""

    codes: tuple[str, ...]
    category: str
    meaning: str
    actor: str
    remedy: str
    reaction: str = "rejected"
    of_call: bool = False


_ADMIN: Final = "Salesforce administrator"
_OWNER: Final = "owner of the task"
_OPERATOR: Final = "operator of TaskBridge"
_NOBODY: Final = "nobody"
_BY_ITSELF: Final = "nothing to do: it is tried again by itself"


def _login(meaning: str, remedy: str, *codes: str) -> Family:
    return Family(codes, "authentication", meaning, _ADMIN, remedy, "authentication", of_call=True)


def _transient(meaning: str, *codes: str, reaction: str = "retry", of_call: bool = False) -> Family:
    return Family(codes, "intermittent", meaning, _NOBODY, _BY_ITSELF, reaction, of_call)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_PERMITTED = Family(
    _words(
        "INSUFFICIENT_ACCESS CANNOT_DELETE_ENTITY DELETE_NOT_ALLOWED FIELD_NOT_UPDATABLE TRANSFER_REQUIRES_READ "
        "PORTAL_NO_ACCESS NO_PARTNER_PERMISSION UNAVAILABLE_RECORDTYPE_EXCEPTION INVALID_READ_ONLY_USER_DML "
        "APEX_DATA_ACCESS_RESTRICTION EXTERNAL_RESOURCE_FORBIDDEN STATE_TRANSITION_NOT_ALLOWED "
        "INVALID_ACCESS_LEVEL COMMUNITY_NOT_ACCESSIBLE LIGHT_PORTAL_USER_EXCEPTION CANNOT_DELETE_OWNER"
    ),
    "access",
    "the integration user may not do this with the record",
    _ADMIN,
    "give the integration user the right that the message names",
)
_FEATURE = Family(
    _words(
        "FUNCTIONALITY_NOT_ENABLED REQUIRED_FEATURE_MISSING PACKAGE_LICENSE_REQUIRED INVALID_PACKAGE_LICENSE "
        "LICENSING_DATA_ERROR LICENSING_UNKNOWN_ERROR UNKNOWN_ORG_SETTING TERMS_OF_SERVICE_UNREAD "
        "APEX_REST_SERVICES_DISABLED INACTIVE_PORTAL"
    ),
    "access",
    "the org lacks a feature or licence that this needs",
    _ADMIN,
    "switch on or license what the message names",
)
_AUTOMATION = Family(
    _words(
        "CUSTOM_APEX_ERROR CANNOT_EXECUTE_FLOW_TRIGGER FLOW_EXCEPTION MAX_DEPTH_IN_FLOW_EXECUTION "
        "SELF_REFERENCE_FROM_TRIGGER SELF_REFERENCE_FROM_FLOW MIXED_DML_OPERATION APEX_TRIGGER_COUPLING_LIMIT "
        "UNSUPPORTED_APEX_TRIGGER_OPERATON INACTIVE_RULE_ERROR NO_APPLICABLE_PROCESS ORCHESTRATION_INVALID "
        "INVALID_ASSIGNMENT_RULE ENTITY_SAVE_ERROR FAILED_ACTIVATION USER_WITH_APEX_SHARES_EXCEPTION "
        "INVALID_RUNTIME_VALUE"
    ),
    "access",
    "a trigger, a flow or a rule of the org failed on the record",
    _ADMIN,
    "repair the automation that is named, or exempt the integration user from it",
)
_PEOPLE = Family(
    _words(
        "INVALID_OWNER INVALID_SETUP_OWNER INVALID_EMPTY_KEY_OWNER NO_SUCH_USER_EXISTS INVALID_USERID "
        "OP_WITH_INVALID_USER_TYPE_EXCEPTION SHARE_NEEDED_FOR_CHILD_OWNER MANAGER_NOT_DEFINED "
        "ASSIGNEE_TYPE_REQUIRED INVALID_ASSIGNEE_TYPE TOO_MANY_POSSIBLE_USERS_EXIST REQUIRE_RUNAS_USER"
    ),
    "validation",
    "the owner cannot hold the task",
    _OWNER,
    "give the task to an active user of Salesforce who may own tasks",
)
_VALUES = Family(
    _words(
        "INVALID_ID_FIELD MALFORMED_ID NUMBER_OUTSIDE_VALID_RANGE TEXT_DATA_OUTSIDE_SUPPORTED_CHARSET "
        "INVALID_DATE_FORMAT INVALID_STATUS INVALID_CURRENCY_ISO MAX_TASK_DESCRIPTION_EXCEEEDED "
        "UNSAFE_HTML_CONTENT FIELD_MODERATION_RULE_BLOCK FIELD_KEYWORD_LIST_MATCH_LIMIT INVALID_MARKUP "
        "INVALID_EMAIL_ADDRESS INVALID_CROSS_REFERENCE_TYPE_FOR_FIELD INVALID_TEXT_REPRESENTATION INVALID_INPUT "
        "RELATED_ENTITY_FILTER_VALIDATION_EXCEPTION ENTITY_SAVE_VALIDATION_ERROR FIELD_MAPPING_ERROR "
        "INVALID_TYPE_ON_FIELD_IN_RECORD INVALID_ARGUMENT_TYPE INVALID_DATA_URI WEBLINK_URL_INVALID ID_REQUIRED "
        "UNAVAILABLE_REF INVALID_INPUT_COMBINATION INVALID_OPERATOR TOO_MANY_ENUM_VALUE "
        "CANNOT_REPARENT_RECORD CIRCULAR_DEPENDENCY CIRCULAR_OBJECT_GRAPH MISSING_RECORD"
    ),
    "validation",
    "Salesforce does not take a value of the record",
    _OWNER,
    "correct the field that the message names",
)
_DUPLICATES = Family(
    _words("DUPLICATES_DETECTED FIND_DUPLICATES_ERROR DUPLICATE_ARGUMENT_VALUE NO_ACTIVE_DUPLICATE_RULE"),
    "validation",
    "a duplicate rule of the org stopped the record",
    _ADMIN,
    "exempt the integration user from the duplicate rule, or change the record",
)
_TWO_MARKERS = Family(
    _words("DUPLICATE_EXTERNAL_ID"),
    "validation",
    "more than one record carries the same value of the marker field",
    _ADMIN,
    "make the marker field unique, and delete the records that carry a marker twice",
)
_FULL = Family(
    _words(
        "STORAGE_LIMIT_EXCEEDED EXCEEDED_QUOTA LIMIT_EXCEEDED MAX_LIMIT_EXCEEDED LICENSE_LIMIT_EXCEEDED "
        "INSUFFICIENT_CREDITS EXCEEDED_MAX_SIZE_REQUEST PAYLOAD_SIZE_EXCEEDED FILE_SIZE_LIMIT_EXCEEDED "
        "EXCEEDED_MAX_TYPES_LIMIT EXCEEDED_MAX_SOBJECTS EXCEEDED_MAX_FILTER_ENTITIES TOO_MANY_RECORDS "
        "FILTERED_LOOKUP_LIMIT_EXCEEDED"
    ),
    "access",
    "a limit of the org is reached, such as its storage",
    _ADMIN,
    "free or buy what the message names; see Storage Usage and Company Information in Setup",
)
_DELETES = Family(
    _words(
        "DELETE_FAILED DELETE_OPERATION_TOO_LARGE DELETE_REQUIRED_ON_CASCADE DEPENDENCY_EXISTS "
        "CHILD_SHARE_FAILS_PARENT ENTITY_IS_ARCHIVED UNDELETE_FAILED MERGE_FAILED HAS_PUBLIC_REFERENCES"
    ),
    "validation",
    "another record, or where the record is kept, does not let it go or be changed",
    _ADMIN,
    "remove what the message names, or change the record in Salesforce itself",
)
_UNREADABLE = Family(
    _words(
        "MALFORMED_QUERY MALFORMED_SEARCH INVALID_SEARCH INVALID_SEARCH_SCOPE INVALID_QUERY_FILTER_OPERATOR "
        "INVALID_QUERY_SCOPE INVALID_QUERY_LOCATOR INVALID_LOCATOR INVALID_FILTER_VALUE INVALID_SORT_OPTION "
        "INVALID_PAGING_OPTION INVALID_FILTER_LANGUAGE ILLEGAL_QUERY_PARAMETER_VALUE ENTITY_NOT_QUERYABLE "
        "ASYNC_QUERY_UNSUPPORTED_QUERY ASYNC_OPERATION_LOCATOR BIG_OBJECT_UNSUPPORTED_OPERATION "
        "INVALID_REPLICATION_DATE QUERY_TOO_COMPLICATED"
    ),
    "other",
    "Salesforce does not answer a query of this form",
    _OPERATOR,
    "report it with its message; another salesforce_api_version may help meanwhile",
    of_call=True,
)
_FORM = Family(
    _words(
        "JSON_PARSER_ERROR XML_PARSER_ERROR POST_BODY_PARSE_ERROR ARGUMENT_OBJECT_PARSE_ERROR MISSING_ARGUMENT "
        "INVALID_API_INPUT INVALID_BATCH_REQUEST INVALID_BATCH_OPERATION INVALID_BATCH_SIZE INVALID_CONTENT_TYPE "
        "INVALID_MULTIPART_REQUEST INVALID_ENTITY_FOR_UPSERT INVALID_OPERATION INVALID_TYPE_FOR_OPERATION "
        "INVALID_FIELD_WHEN_USING_TEMPLATE"
    ),
    "other",
    "Salesforce does not take a request of this form",
    _OPERATOR,
    "report it with its message; another salesforce_api_version may help meanwhile",
)
_PROTOCOL = Family(
    _words(
        "UNSUPPORTED_MEDIA_TYPE NOT_ACCEPTABLE METHOD_NOT_ALLOWED INVALID_SOAP_HEADER MISMATCHING_VERSIONS "
        "INVALID_PACKAGE_VERSION NOT_MODIFIED"
    ),
    "other",
    "Salesforce does not take calls of this form",
    _OPERATOR,
    "report it with its message; another salesforce_api_version may help meanwhile",
    of_call=True,
)
_ELSEWHERE = Family(
    _words(
        "BAD_CUSTOM_ENTITY_PARENT_DOMAIN BCC_NOT_ALLOWED_IF_BCC_COMPLIANCE_ENABLED CONFLICTING_ENVIRONMENT_HUB_MEMBER "
        "CONFLICTING_SSO_USER_MAPPING EMPTY_SCONTROL_FILE_NAME ERROR_IN_MAILER INTERNAL_ERROR ITEM_NOT_FOUND "
        "MAXIMUM_SIZE_OF_ATTACHMENT MAXIMUM_SIZE_OF_DOCUMENT OPTED_OUT_OF_MASS_MAIL "
        "PORTAL_USER_ALREADY_EXISTS_FOR_CONTACT PORTAL_USER_CREATION_RESTRICTED_WITH_ENCRYPTION "
        "PRIVATE_CONTACT_ON_ASSET REL_FIELD_BAD_ACCESSIBILITY REQUIRE_CONNECTED_APP_SCS "
        "REQUIRE_CONNECTED_APP_SESSION_SCS STANDARD_PRICE_NOT_DEFINED SUBDOMAIN_IN_USE TOO_MANY_RECIPIENTS "
        "UNKNOWN_ATTACHMENT_EXCEPTION UNKNOWN_TOKEN_ERROR UNSPECIFIED_EMAIL_ADDRESS UNVERIFIED_SENDER_ADDRESS "
        "UPDATE_GOOGLE_EMAIL_LABEL_FAILED USER_OWNS_PORTAL_ACCOUNT_EXCEPTION WRONG_CONTROLLER_TYPE"
    ),
    "other",
    "another part of Salesforce than tasks reports it, mostly through an automation or a package of the org",
    _ADMIN,
    "look which automation on Task leads there, and repair it or exempt the integration user",
)

FAMILIES: Final = (
    _login(
        "the integration user's password has expired, so that logins work and calls do not",
        "set a new password for the integration user, put it into the connection, and have it never expire",
        "INVALID_OPERATION_WITH_EXPIRED_PASSWORD",
        "PASSWORD_EXPIRED",
    ),
    _login(
        "user name or password are not accepted",
        "correct user name, password and security token in the connection",
        *_words("INVALID_LOGIN LOGIN_MUST_USE_SECURITY_TOKEN INVALID_AUTH_HEADER INVALID_CLIENT"),
    ),
    _login(
        "the integration user is locked or has to prove who it is",
        "unlock the integration user, and exempt it from challenges and two-factor login",
        *_words(
            "PASSWORD_LOCKOUT USER_LOCKED_OUT LOGIN_CHALLENGE_ISSUED LOGIN_CHALLENGE_PENDING "
            "TXN_SECURITY_END_A_SESSION TXN_SECURITY_TWO_FA_REQUIRED MUTUAL_AUTHENTICATION_FAILED"
        ),
    ),
    _login(
        "the integration user may not log in from this network address or at this hour",
        "allow this worker's address and all hours in the integration user's profile",
        *_words("LOGIN_DURING_RESTRICTED_DOMAIN LOGIN_DURING_RESTRICTED_TIME"),
    ),
    _login(
        "the org is locked or its trial has ended",
        "have the org unlocked or bought, or name another org",
        *_words("ORG_LOCKED TRIAL_EXPIRED"),
    ),
    _login(
        "the login leads to a place where the org is not, or is not ready",
        "name the org's own My Domain in the connection",
        *_words("ORG_NOT_OWNED_BY_INSTANCE ORG_IS_SIGNING_UP ORG_IS_DOT_ORG"),
    ),
    _login(
        "single sign-on does not work or is not set up",
        "repair single sign-on, or exempt the integration user from it",
        *_words("SSO_SERVICE_DOWN INVALID_SSO_GATEWAY_URL"),
    ),
    _login(
        "the integration user may not use this app",
        "allow the app for the integration user",
        *_words("CLIENT_NOT_ACCESSIBLE_FOR_USER CLIENT_REQUIRE_UPDATE_FOR_USER UNSUPPORTED_CLIENT"),
    ),
    _transient(
        "the org is under maintenance, or a part of it is not available now",
        *_words("ORG_IN_MAINTENANCE FUNCTIONALITY_TEMPORARILY_UNAVAILABLE"),
        of_call=True,
    ),
    _transient(
        "the work took longer than Salesforce allows",
        *_words(
            "REQUEST_RUNNING_TOO_LONG TOO_MANY_APEX_REQUESTS REALTIME_PROCESSING_TIME_EXCEEDED_LIMIT "
            "MATCH_SERVICE_TIMED_OUT XCLEAN_DJ_MATCH_RETRIABLE_ERROR"
        ),
        reaction="soon",
    ),
    _transient(
        "somebody or something else is changing the record",
        *_words(
            "COLLISION_DETECTED RECORD_IN_USE_BY_WORKFLOW ALREADY_IN_PROCESS TERRITORY_REALIGN_IN_PROGRESS "
            "ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE MODIFIED"
        ),
    ),
    _transient(
        "another row of the same request stopped this one",
        *_words("ALL_OR_NONE_OPERATION_ROLLED_BACK PROCESSING_HALTED BATCH_PROCESSING_HALTED"),
    ),
    Family(
        _words("OPERATION_TOO_LARGE EXCEEDED_ID_LIMIT"),
        "access",
        "a query would look at more records than the integration user is allowed to; smaller parts are asked for",
        _ADMIN,
        "grant the integration user View All Data, for which this limit does not count",
        of_call=True,
    ),
    Family(
        _words("TXN_SECURITY_FAIL_CLOSE"),
        "access",
        "a transaction security policy stopped the request",
        _ADMIN,
        "exempt the integration user from the policy",
    ),
    _PERMITTED,
    _FEATURE,
    _AUTOMATION,
    _PEOPLE,
    _VALUES,
    _DUPLICATES,
    _TWO_MARKERS,
    _FULL,
    _DELETES,
    _UNREADABLE,
    _FORM,
    _PROTOCOL,
    _ELSEWHERE,
    Family(
        _words("HTTP_413"),
        "validation",
        "what was sent is too large for the system, or for what stands before it",
        _OWNER,
        "shorten the texts of the task",
    ),
)

_NOT_ALLOWED = Family(
    (),
    "access",
    "Salesforce does not allow what was asked",
    _ADMIN,
    "look what the message names: a right of the integration user, or a rule of the org",
)
_NOT_TAKEN = Family(
    (),
    "validation",
    "Salesforce does not take something that was sent",
    _ADMIN,
    "correct what the message names, or repair the automation that sent it",
)

PATTERNS: Final = tuple(
    (re.compile(pattern), family)
    for pattern, family in (
        (
            r"(_TIMEOUT|_TIMED_OUT|_UNAVAILABLE|_BUSY)(_ERROR|_EXCEPTION)?$",
            _transient("a part of Salesforce did not answer in time"),
        ),
        (
            r"^HTTP_\d+$",
            Family(
                (),
                "other",
                "the system refused with an HTTP status and no word of its own",
                _OPERATOR,
                "ask the system's administrator, or who runs what stands before it, what this status means there",
            ),
        ),
        (r"_(LIMIT|EXCEEDED|REACHED|TOO_LARGE)$", _FULL),
        (
            r"^(AURA|AUTH_PROVIDER|CLEAN_SERVICE|COMMERCIAL|CONTENT|CUSTOM|DATA|DATAASSESSMENT|DATACLOUD|DATACLOUDADDRESS"
            r"|EMAIL|ENHANCED_EMAIL|ENVIRONMENT_HUB|EXCHANGE|EXTERNAL_OBJECT|FEDERATED_SEARCH|FEED|IMAGE|INSTALL_KEY"
            r"|INTERNAL_CANVAS|JIGSAW|KEY|MASS_?MAIL|MATCH|METADATA|PA|PAL|PALI|PACKAGING|QA|QAT|QUICK_ACTION"
            r"|REPUTATION|RETRIEVE|SALESFORCE_INBOX|SERVICE_DESK|SOCIAL|SOCIALCRM|SST|TEMPLATE|VF|WEBLINK|XCLEAN)_",
            _ELSEWHERE,
        ),
        (r"^(INSUFFICIENT_ACCESS|CANNOT|CANT|NO)_|_(NOT_ALLOWED|NO_ACCESS|FORBIDDEN)$", _NOT_ALLOWED),
        (r"^(UNSUPPORTED|MALFORMED)_", _FORM),
        (r"^(DUPLICATE|NONUNIQUE|INVALID)_", _NOT_TAKEN),
    )
)
"""By what a name tells where no family lists the code; the first that fits counts."""
