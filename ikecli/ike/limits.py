"""Every bound and waiting time of the engine, in seconds and counts."""

from __future__ import annotations

from typing import Final

RETRANSMISSION: Final = (2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""How long each sending of a request waits for the answer; after the last the peer is given up."""
HALF_OPEN_SECONDS: Final = 30.0
"""How long an IKE SA that a peer began may stay unauthenticated."""
AUTH_RETRANSMISSION: Final = (2.0, 4.0, 8.0, 16.0)
"""The schedule of IKE_AUTH: responders forget a half-open SA about when this ends, so that more would be in vain."""
DPD_ATTEMPTS: Final = 6
"""How often a liveness check is sent, a profile's `retry` seconds apart."""
REKEY_SHARES: Final = {True: (0.80, 0.90), False: (0.90, 0.95)}
"""Between which shares of its lifetime an SA is replaced, by whether it was begun from here: of two ends with the same
lifetime one does it, and the other where that fails."""
REKEY_RETRY_SECONDS: Final = 5.0
"""About how long after a rekey that failed the next is tried."""
TROUBLE_SECONDS: Final = 300.0
"""After how long of nothing but TEMPORARY_FAILURE an IKE SA is given up."""
REPLACED_SECONDS: Final = 130.0
"""How long what a rekey has replaced waits for the peer's delete: longer than its request is sent again."""
STRAGGLER_SECONDS: Final = 5.0
"""How long a Child SA that was rekeyed still receives: packets may be overtaken by its delete."""
RENEWAL_OVERLAP_SECONDS: Final = 10.0
"""How long an IKE SA stands beside the one that was authenticated in its place."""
RENEWAL_RETRY_SECONDS: Final = 60.0
"""How long after an IKE SA that was to take another's place, and did not come to stand, the next is tried."""
MISFIT_SECONDS: Final = 10.0
"""How long after one packet that did not fit its Child SA the next is told to the peer."""
MISFIT_OCTETS: Final = 64
"""Octets of such a packet that the peer is shown."""
LINGER_SECONDS: Final = 30.0
"""How long an SA that is gone still answers repeated requests from its cache."""
CONFIRM_SECONDS: Final = 30.0
"""How long a responder waits for a sign that the initiator has the SA too, before it asks."""
CONFIRM_RETRANSMISSION: Final = (2.0, 4.0, 8.0, 16.0)
"""The schedule of that question: an SA that only we have is not kept for long."""
ASK_SECONDS: Final = 20.0
"""How long an Ask may take."""
HOLD_OFF_SECONDS: Final = 5.0
"""How long traffic does not start a connection again that was just refused."""
RETRY_FIRST: Final = 1.0
"""The first pause before a connection that is always up is tried again; it doubles."""
RETRY_LONGEST: Final = 60.0
RECOVER_SECONDS: Final = 10.0
"""How long after one ESP packet of an unknown SA the next from that peer is acted upon."""

NOT_ADMITTED_SECONDS: Final = 10.0
"""How long after the log heard of an IKE_SA_INIT request that there was no room for it hears of the next."""
UNPROVEN_SECONDS: Final = 5.0
"""How long after an error in the clear, which anybody may have sent, the genuine answer is still waited for."""
HINT_SECONDS: Final = 10.0
"""How long after a hint in the clear the next one about the same IKE SA is heard."""
CLEAR_ANSWERS: Final = 50
CLEAR_ANSWERS_OF_PREFIX: Final = 3
"""What is said in the clear in a second of unknown SPIs and versions: in all, and to one IPv4 address or IPv6 /64."""
FIRST_REFUSALS: Final = 500
FIRST_REFUSALS_OF_PREFIX: Final = 20
"""IKE_SA_INIT requests that are answered with an error in a second, in all and of one IPv4 address or IPv6 /64: more
than of hints, since peers wait for an INVALID_KE_PAYLOAD."""

MAX_DATAGRAM: Final = 65_507
"""Octets of the longest datagram that is looked at."""
MAX_OPENING: Final = 16_384
"""Octets of the longest IKE_SA_INIT: a half-open SA keeps the request, which AUTH covers."""
MAX_HELD: Final = 16
"""Messages and fragments one SA keeps while its keys are computed."""
MAX_HELD_IN_ALL: Final = 1_000
MAX_QUEUED: Final = 64
"""Exchanges that wait for their turn in one SA."""
MAX_ANSWERS: Final = 1 << 17
"""Octets of the answers that one SA keeps for repetition, besides the last; the oldest go."""
MAX_WINDOW: Final = 200
"""Requests of an IKE SA that wait for their answers at once, whatever window the peer announces."""
LAST_MESSAGE_ID: Final = (1 << 32) - 1
MAX_CHILDREN: Final = 1_000
"""Child SAs of one IKE SA."""
MAX_INIT_ROUNDS: Final = 8
"""IKE_SA_INIT requests of one attempt: cookies and other groups included."""
MAX_COOKIE: Final = 64
"""Octets of the longest cookie (RFC 7296 2.6)."""
COOKIE_SECONDS: Final = 60.0
"""How long the secret of our cookies is in use; what was baked under it is good as long again."""
COOKIE_SECRET_SIZE: Final = 32
PUZZLE_BITS: Final = (10, 16)
"""How difficult our puzzles are: at the threshold, and when the half-open table is full. A bit doubles the work."""
MAX_PUZZLE: Final = 18
"""Bits of the most difficult puzzle that we solve: some seconds of one core."""
OWN_PUZZLE: Final = 12
"""Bits that we solve where a responder leaves the choice to us (RFC 8019 7.1.2)."""
UNSOLVED_ADMITTED: Final = 1 / 8
"""Which part of the requests with a cookie but no solution is let in: peers that know no puzzles (RFC 8019 7.1.1)."""
HALF_OPEN_OF_PREFIX: Final = 32
"""Half-open SAs from one IPv4 address or IPv6 /64, from which on its initiators are asked for a cookie."""
PREFIX_OCTETS: Final = {4: 4, 16: 8}
"""Octets of an address that say whose it is, by the octets of the address."""
MAX_SETTINGS: Final = 2
"""Configuration payloads of one message that are answered; the rest is passed over."""
MAX_INTERMEDIATE: Final = 16
"""Requests of IKE_INTERMEDIATE in one IKE SA: all additional key exchanges, a PPK, and what other ends may add."""
MAX_FOLLOWUPS: Final = 4
"""CREATE_CHILD_SA exchanges of a peer in one IKE SA whose further key exchanges are awaited (RFC 9370 2.2.4)."""
FOLLOWUP_SECONDS: Final = 60.0
"""How long each of those further exchanges is awaited."""
LINK_SIZE: Final = 8
"""Octets by which such an exchange names what it follows."""
MAX_FRAGMENTS: Final = 1_024
"""Fragments of one message that is put together."""
LEAST_FRAGMENT: Final = 64
"""Octets of payloads that every fragment but the last carries, however small the MTU."""
PATHS: Final = (1280, 576)
"""Octets of the packets that are tried where longer ones get no answer (RFC 7383 2.5.2)."""
PATH_ATTEMPTS: Final = 2
"""How often fragments of one size are sent before shorter ones are."""
MAX_ASSEMBLED: Final = 65_535
"""Octets of payloads of one message that is put together."""
MAX_ASSEMBLED_IN_ALL: Final = 1 << 24
"""Octets in all messages that are being put together; beyond, the oldest is given up."""
FRAGMENT_COST: Final = 128
"""Octets that each fragment counts besides its content."""
MAX_PAIRS: Final = 255
"""Selector pairs of one Child SA: as many as a payload holds."""
MAX_NAMED: Final = 64
"""Traffic selectors of a peer's payload that are looked at."""
MAX_TWINS: Final = 16
"""IKE SAs between the same identities; the oldest goes when there is one more."""
TOLD_PROPOSALS: Final = 8
TOLD_ROWS: Final = 16
"""Proposals, and transforms or selectors of each list, that an event tells of what a peer sent."""
TOLD_REFUSALS: Final = 20
"""Refusals of peers not yet authenticated that are told in a second."""
MAX_REMEMBERED_PEERS: Final = 1_000
"""Peers remembered for having sent ESP of unknown SAs."""
MAX_KEPT_ADDRESSES: Final = 65_536
"""Addresses of a pool that came back and are kept for who had them; beyond, the oldest is lent before fresh ones."""
MAX_LOANS: Final = 16
"""Addresses of one pool that an identity has at one time: as many as it may have IKE SAs."""
MAX_SHOWN_ADDRESSES: Final = 256
"""Addresses of a pool that can be lent and are shown."""
MAX_NETWORKS: Final = 256
"""Networks, and name servers, that are believed of a peer's Configuration payload."""
SHOWN_OCTETS: Final = 32
"""Octets of an unknown notify that an event shows."""

NONCE_SIZE: Final = 32
FIRST_ESP_SPI: Final = 256
"""ESP SPIs below are reserved (RFC 4303 2.1)."""
LAST_SEQUENCE: Final = (1 << 32) - 1
"""The last sequence number of an SA without extended ones: it has to be replaced before."""
DOUBLE_SECONDS: Final = 60.0
"""Quiet seconds after which one of several SAs with a peer is asked for a sign of life, though no checks are
configured: the peer may have given it up."""
