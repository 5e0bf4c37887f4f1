"""Initiators, one after the other: an engine each, over a plain UDP socket of its own address."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from benchmarks.responder import ADDRESS, KEY, PATIENCE, Responder
from ikecli.boundary.effects import Datagram, Direction, Effect, Endpoint, Install, Send, Tell
from ikecli.boundary.events import IkeUp
from ikecli.ike.engine import Engine
from ikecli.ike.requests import Initiate
from ikecli.intent import (
    Connection,
    Credential,
    EspProposal,
    Flow,
    IdentityMatch,
    IkePolicy,
    IkeProposal,
    Intent,
    Profile,
    Selector,
)
from ikecli.numbers import BY_KEY, IKE_PORT, NON_ESP_MARKER, TransformType
from ikecli.secret import Secret

_GCM: Final = BY_KEY[(TransformType.ENCR, 20, 128)]
_SHA256: Final = BY_KEY[(TransformType.PRF, 5, 0)]
_X25519: Final = BY_KEY[(TransformType.KE, 31, 0)]
_FLOW: Final = Flow(Selector.of(IPv4Network("10.2.0.0/16")), Selector.of(IPv4Network("10.1.0.0/16")))
LARGEST: Final = 65535


def open_sas(responder: Responder, count: int) -> None:
    """Set up `count` IKE SAs with their first Child SAs, each from an address of its own."""
    for _ in range(count):
        _connect(next(responder.peers), responder.ports[0])


def _connect(address: IPv4Address, port: int) -> None:
    """Initiate from an address until the Child SA stands; raises TimeoutError when it does not come to that."""
    engine = Engine(os.urandom, engine_intent((address,)), heard=())
    local, remote = Endpoint(address, IKE_PORT), Endpoint(ADDRESS, IKE_PORT)
    with socket.socket(type=socket.SOCK_DGRAM) as wire:
        wire.settimeout(PATIENCE)
        wire.bind((str(address), port))
        wire.connect((str(ADDRESS), port))
        effects = engine.do(Initiate(f"M 10 {address}"), time.monotonic())
        while not any(map(sends, effects)):
            for effect in effects:
                if isinstance(effect, Send):
                    wire.send(effect.datagram.octets)
            effects = engine.receive(Datagram(wire.recv(LARGEST), local, remote), time.monotonic())


def open_ike_sas(peers: Iterator[IPv4Address], port: int, count: int, marked: bool) -> None:
    """Set up `count` IKE SAs without Child SAs; `marked` says that the responder wants a non-ESP marker."""
    for _ in range(count):
        _open_ike_sa(next(peers), port, NON_ESP_MARKER if marked else b"")


def _open_ike_sa(address: IPv4Address, port: int, marker: bytes) -> None:
    """Initiate until the IKE SA stands, from any port: both ends see a NAT."""
    intent = engine_intent((address,))
    rows = tuple(replace(row, per_host=True) for row in intent.connections)
    engine = Engine(os.urandom, replace(intent, connections=rows), heard=(IkeUp,))
    local, remote = Endpoint(address, IKE_PORT), Endpoint(ADDRESS, IKE_PORT)
    with socket.socket(type=socket.SOCK_DGRAM) as wire:
        wire.settimeout(PATIENCE)
        wire.bind((str(address), 0))
        wire.connect((str(ADDRESS), port))
        effects = engine.do(Initiate(f"M 10 {address}"), time.monotonic())
        while not any(isinstance(effect, Tell) for effect in effects):
            for effect in effects:
                if isinstance(effect, Send):
                    local, remote = effect.datagram.local, effect.datagram.remote
                    wire.send(marker + effect.datagram.octets)
            octets = wire.recv(LARGEST).removeprefix(marker)
            effects = engine.receive(Datagram(octets, local, remote), time.monotonic())


def sends(effect: Effect) -> bool:
    """Tell whether an effect is the last of a handshake: the direction towards the responder."""
    return isinstance(effect, Install) and effect.direction is Direction.OUTBOUND


def engine_intent(addresses: Sequence[IPv4Address]) -> Intent:
    """Return what makes an engine an initiator at each of some addresses; a connection's label ends in its own."""
    secret = Secret(KEY)
    credential = Credential("K", secret, secret, (IPv4Network(ADDRESS),))
    profile = Profile("P", (IdentityMatch(),), (credential,))
    esp = EspProposal("T", (_GCM,))
    connections = tuple(
        Connection("M", 10, str(one), one, (ADDRESS,), (_FLOW,), (esp,), profile="P") for one in addresses
    )
    policy = IkePolicy("P", (IkeProposal("P", (_GCM,), (), (_SHA256,), (_X25519,)),))
    return Intent(policies=(policy,), profiles=(profile,), connections=connections)
