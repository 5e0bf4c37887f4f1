"""The IANA registries of IKEv2 but those of algorithms: what each number is called."""

from __future__ import annotations

from enum import IntEnum
from typing import Final, TypeVar


class Exchange(IntEnum):
    """Exchange types (RFC 7296 3.1, RFC 9242, RFC 9370)."""

    IKE_SA_INIT = 34
    IKE_AUTH = 35
    CREATE_CHILD_SA = 36
    INFORMATIONAL = 37
    IKE_INTERMEDIATE = 43
    IKE_FOLLOWUP_KE = 44


class PayloadType(IntEnum):
    """Payload types (RFC 7296 3.2)."""

    NONE = 0
    SA = 33
    KE = 34
    IDi = 35
    IDr = 36
    CERT = 37
    CERTREQ = 38
    AUTH = 39
    NONCE = 40
    NOTIFY = 41
    DELETE = 42
    VENDOR = 43
    TSi = 44
    TSr = 45
    SK = 46
    CP = 47
    EAP = 48
    SKF = 53
    PS = 54


class Protocol(IntEnum):
    """Security protocol identifiers (RFC 7296 3.3.1)."""

    NONE = 0
    IKE = 1
    AH = 2
    ESP = 3


class NotifyType(IntEnum):
    """Notify message types (RFC 7296 3.10.1 and later); errors lie below 16384."""

    UNSUPPORTED_CRITICAL_PAYLOAD = 1
    INVALID_IKE_SPI = 4
    INVALID_MAJOR_VERSION = 5
    INVALID_SYNTAX = 7
    INVALID_MESSAGE_ID = 9
    INVALID_SPI = 11
    NO_PROPOSAL_CHOSEN = 14
    INVALID_KE_PAYLOAD = 17
    AUTHENTICATION_FAILED = 24
    SINGLE_PAIR_REQUIRED = 34
    NO_ADDITIONAL_SAS = 35
    INTERNAL_ADDRESS_FAILURE = 36
    FAILED_CP_REQUIRED = 37
    TS_UNACCEPTABLE = 38
    INVALID_SELECTORS = 39
    TEMPORARY_FAILURE = 43
    CHILD_SA_NOT_FOUND = 44
    STATE_NOT_FOUND = 47
    INITIAL_CONTACT = 16384
    SET_WINDOW_SIZE = 16385
    ADDITIONAL_TS_POSSIBLE = 16386
    IPCOMP_SUPPORTED = 16387
    NAT_DETECTION_SOURCE_IP = 16388
    NAT_DETECTION_DESTINATION_IP = 16389
    COOKIE = 16390
    USE_TRANSPORT_MODE = 16391
    HTTP_CERT_LOOKUP_SUPPORTED = 16392
    REKEY_SA = 16393
    ESP_TFC_PADDING_NOT_SUPPORTED = 16394
    NON_FIRST_FRAGMENTS_ALSO = 16395
    MOBIKE_SUPPORTED = 16396
    AUTH_LIFETIME = 16403
    CHILDLESS_IKEV2_SUPPORTED = 16418
    IKEV2_FRAGMENTATION_SUPPORTED = 16430
    SIGNATURE_HASH_ALGORITHMS = 16431
    PUZZLE = 16434
    USE_PPK = 16435
    PPK_IDENTITY = 16436
    NO_PPK_AUTH = 16437
    INTERMEDIATE_EXCHANGE_SUPPORTED = 16438
    ADDITIONAL_KEY_EXCHANGE = 16441
    USE_PPK_INT = 16445
    PPK_IDENTITY_KEY = 16446


FIRST_STATUS: Final = 16384
"""Notify types from here on are status, below are errors (RFC 7296 3.10.1)."""


PUZZLE_KEYS: Final = 4
"""Keys of a puzzle's solution (RFC 8019 8.2)."""


class IdType(IntEnum):
    """Identification types (RFC 7296 3.5)."""

    IPV4_ADDR = 1
    FQDN = 2
    RFC822_ADDR = 3
    IPV6_ADDR = 5
    DER_ASN1_DN = 9
    DER_ASN1_GN = 10
    KEY_ID = 11


class AuthMethod(IntEnum):
    """Authentication methods (RFC 7296 3.8, RFC 4754, RFC 7427)."""

    RSA_SIGNATURE = 1
    SHARED_KEY = 2
    DSS_SIGNATURE = 3
    ECDSA_256 = 9
    ECDSA_384 = 10
    ECDSA_521 = 11
    NULL = 13
    DIGITAL_SIGNATURE = 14


class TsType(IntEnum):
    """Traffic selector types (RFC 7296 3.13.1)."""

    IPV4_ADDR_RANGE = 7
    IPV6_ADDR_RANGE = 8


class ConfigurationType(IntEnum):
    """What a Configuration payload is (RFC 7296 3.15)."""

    CFG_REQUEST = 1
    CFG_REPLY = 2
    CFG_SET = 3
    CFG_ACK = 4


class AttributeType(IntEnum):
    """Configuration attributes (RFC 7296 3.15.1, RFC 8598 3.1); those from 28672 on are Cisco's own."""

    INTERNAL_IP4_ADDRESS = 1
    INTERNAL_IP4_NETMASK = 2
    INTERNAL_IP4_DNS = 3
    INTERNAL_IP4_NBNS = 4
    INTERNAL_IP4_DHCP = 6
    APPLICATION_VERSION = 7
    INTERNAL_IP6_ADDRESS = 8
    INTERNAL_IP6_DNS = 10
    INTERNAL_IP6_DHCP = 12
    INTERNAL_IP4_SUBNET = 13
    SUPPORTED_ATTRIBUTES = 14
    INTERNAL_IP6_SUBNET = 15
    INTERNAL_DNS_DOMAIN = 25
    BANNER = 28672
    SAVE_PASSWORD = 28673
    DEFAULT_DOMAIN = 28674
    SPLIT_DNS = 28675
    SPLIT_INCLUDE = 28676
    LOCAL_LAN = 28678
    PFS = 28679
    BACKUP_SERVERS = 28681


class TransformType(IntEnum):
    """Transform types (RFC 7296 3.3.2, RFC 9370 3); ADDKE1 to ADDKE7 take the transform ids of KE."""

    ENCR = 1
    PRF = 2
    INTEG = 3
    KE = 4
    ESN = 5
    ADDKE1 = 6
    ADDKE2 = 7
    ADDKE3 = 8
    ADDKE4 = 9
    ADDKE5 = 10
    ADDKE6 = 11
    ADDKE7 = 12


ADDITIONAL: Final = tuple(kind for kind in TransformType if kind >= TransformType.ADDKE1)
"""The transform types of additional key exchanges, in the order in which these are done."""

KEY_LENGTH: Final = 14
"""The only transform attribute: Key Length, in bits (RFC 7296 3.3.5)."""

IKE_PORT: Final = 500
NAT_PORT: Final = 4500
"""The UDP ports of IKE, the second one shared with ESP (RFC 7296 2, 2.23)."""
DHCP_PORT: Final = 67
"""The UDP port of DHCP servers, and of relay agents (RFC 2131 4.1)."""
NON_ESP_MARKER: Final = bytes(4)
"""What stands before IKE on the NAT port, where ESP has its SPI (RFC 3948 2.2)."""

Number = TypeVar("Number", bound=IntEnum)


def label(registry: type[Number], value: int) -> str:
    """Name `value` in `registry`, or the bare number where IANA's name is not known here."""
    try:
        return registry(value).name
    except ValueError:
        return str(value)
