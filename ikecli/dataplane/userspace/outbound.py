"""From the TUN device to the network. Packets of one SA and one size leave as a train, with one call (UDP_SEGMENT).

A packet is read where it will be sealed from, and sealed where it will be sent from; nothing is made for it alone.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import struct
from collections import deque
from collections.abc import Callable
from typing import Final

from ikecli.boundary.effects import Install
from ikecli.boundary.notices import Expired
from ikecli.dataplane.packet import CONGESTED
from ikecli.dataplane.userspace.columns import MOST, Twelves, agreeing, alike, counting
from ikecli.dataplane.userspace.doors import Door
from ikecli.dataplane.userspace.places import BEFORE, LARGEST, TRAIN_OCTETS, Buffers, Places
from ikecli.dataplane.userspace.ports import IPV6_TCLASS, Ports
from ikecli.dataplane.userspace.sas import EXTENDED, HEADER, NONCE, OVERHEAD, SALT, Cipher, Sender
from ikecli.dataplane.userspace.segments import LONGEST_SYN, clamp
from ikecli.dataplane.userspace.toobig import too_big
from ikecli.dataplane.userspace.tun import HEADER as VNET
from ikecli.dataplane.userspace.wrapping import Wrap
from ikecli.esp import IPV4, IPV6, Dropped
from ikecli.intent import Tfc

BUDGET: Final = 256
"""Packets taken from the device before what came in has its turn."""
TRAIN: Final = MOST
WORTH: Final = 3
"""Packets that are sealed in one go; of fewer, each by itself."""
SIZES: Final = 64
"""Packet sizes whose views are kept."""
SEND_WAIT: Final = 5
"""Milliseconds that a full socket is waited for before packets are dropped."""
UDP_SEGMENT: Final = 103
SEGMENT: Final = struct.Struct("=H")
CLASS: Final = struct.Struct("=i")
LOW: Final = 0xFFFFFFFF
NOT_FRAGMENTED: Final = 0x40
KEYS: Final = {4: slice(VNET + 12, VNET + 20), 6: slice(VNET + 8, VNET + 40)}
"""Where the addresses are, which tell flows apart."""
NEXT: Final = {4: IPV4, 6: IPV6}


class Outbound:
    """Seals what the devices give, `door` first."""

    def __init__(self, door: Door, ports: Ports, tell: Callable[[object], None]) -> None:
        self._door, self._tun, self._chooser, self._wrap = door, door.tun, door.chooser, door.wrap
        self._ports, self._tell = ports, tell
        self._buffers = Buffers()
        self._buffer, self._view = self._buffers.one, self._buffers.view
        self._train, self._train_view = self._buffers.octets, self._buffers.train.octets
        self._places: dict[int, Places] = {}
        self._nonces, self._extended = Twelves(), Twelves()
        self._sender: Sender | None = None
        self._key = b""
        self._count = self._used = self._size = self._inner = self._class = self._last = self._padded = 0

    def drain(self, door: Door) -> None:
        """Take packets of a device until there are none, or enough."""
        self._enter(door)
        read, view, left = self._tun.readinto, self._view, BUDGET
        while left > 0:
            size = read(view)
            if size is None:
                break
            left -= 1
            if size >= VNET + 20:
                self._take(size - VNET)
            if self._count and not self._chooser.fine and self._wrap is None and not self._padded:
                if self._last <= LONGEST_SYN and any(door.segments):
                    continue
                left = self._ride(left)
        self.flush()

    def _ride(self, left: int) -> int:
        """Seal packets that are like the last one, as long as they come: the way of nearly all. Returns what is left.

        What every packet of the train has in common was looked at for the last one. They are read side by side, so
        that the rest is done for all of them in one go.
        """
        sender, read = self._sender, self._tun.readinto
        if sender is None or sender.cipher is None:
            return left
        places = self._places[self._last]
        same, start = VNET + places.size, bytes(self._view[VNET : VNET + 2])
        while left > 0 and not sender.dead and sender.sequence & LOW < LOW - TRAIN:
            room = min(TRAIN - self._count, (TRAIN_OCTETS - self._used) // places.whole)
            if room <= 0:
                if not self._count:
                    break
                self.flush()
                if self._spent(sender):
                    break
                continue
            size: int | None = same
            came, reads = 0, places.side_by_side(min(left, room))
            for view in reads:
                size = read(view)
                if size != same:
                    break
                came += 1
            left -= came
            fit = self._alike(places, came, start)
            if fit:
                self._seal_all(sender, places, fit, NEXT[start[0] >> 4])
            for view in reads[fit:came]:
                self._again(view[:same])
            if size != same:
                if size:
                    self._again(reads[came][:size])
                return left - 1 if size is not None else 0
            if fit < came:
                break
        return left

    def _again(self, read: memoryview) -> None:
        """Take a packet that was read beside others, but is not like them."""
        if len(read) >= VNET + 20:
            self._view[: len(read)] = read
            self._take(len(read) - VNET)

    def _alike(self, places: Places, count: int, start: bytes) -> int:
        """Return how many of those read side by side are of the last one's flow and class."""
        if count < WORTH:
            return 0
        many, step = self._buffers.many, places.step
        count = agreeing(many.half(BEFORE, step, count), memoryview(start * count).cast("H"))
        first = BEFORE + (12 if start[0] >> 4 == 4 else 8)
        for at in range(0, len(self._key), 4):
            count = agreeing(many.word(first + at, step, count), alike(self._key[at : at + 4], count))
        return count

    def _seal_all(self, sender: Sender, places: Places, count: int, next_header: int) -> None:
        """Seal packets that were read side by side, all into the train."""
        assert sender.cipher is not None
        number, at, first, spi = self._count, self._used, sender.sequence + 1, sender.sa.spi.to_bytes(4, "big")
        low, high = counting(first & LOW, 1, count), alike((first >> 32).to_bytes(4, "big"), count)
        for word in (alike(spi, count), low, high, low):
            self._buffers.train.word(at, places.whole, count)[:] = word
            at += 4
        self._nonces.begin(bytes(sender.nonce[:SALT]))
        self._nonces.high[:count], self._nonces.low[:count] = high, low
        places.close(next_header, count)
        places.lead(number + count)
        headers = places.headers[number : number + count]
        if sender.sa.esn:
            self._extended.begin(spi)
            self._extended.high[:count], self._extended.low[:count] = high, low
            headers = self._extended.each
        sealed = places.sealed[number : number + count]
        deque(map(sender.cipher.encrypt_into, self._nonces.each, places.texts, headers, sealed), 0)
        sender.sequence += count
        self._count += count
        self._used += count * places.whole
        self._inner += count * places.size

    def _spent(self, sender: Sender) -> bool:
        """Ask for another SA where numbers run out soon; tell whether too few are left for one more train."""
        ends = sender.exhausted(TRAIN)
        if ends is not None:
            self._ended(sender, ends)
        return bool(ends)

    def _enter(self, door: Door) -> None:
        """Go on with another device."""
        if door is not self._door:
            self.forget()
            self._door, self._tun, self._chooser, self._wrap = door, door.tun, door.chooser, door.wrap

    def leave(self, door: Door, other: Door) -> None:
        """Have nothing more to do with a device that is about to go."""
        if door is self._door:
            self._enter(other)

    def send(self, door: Door, packet: bytes) -> None:
        """Send a packet of a device that waited; one of a tunnel in GRE has that around it already."""
        self._enter(door)
        wrap, self._wrap = self._wrap, None
        try:
            self._resend(packet)
        finally:
            self._wrap = wrap

    def _resend(self, packet: bytes) -> None:
        self._buffer[VNET : VNET + len(packet)] = packet
        self._take(len(packet))
        self.flush()

    def forget(self) -> None:
        """Let the train leave, and choose an SA anew for the next packet."""
        self.flush()
        self._sender, self._key, self._padded = None, b"", 0

    def _take(self, size: int) -> None:
        """Seal the packet in the buffer into the train."""
        buffer = self._buffer
        version = buffer[VNET] >> 4
        if version not in self._door.versions:
            return
        if any(self._door.segments):
            clamp(buffer, VNET, size, self._door.segments)
        kind = buffer[VNET + 1] if version == 4 else (buffer[VNET] & 15) << 4 | buffer[VNET + 1] >> 4
        if self._wrap is not None:
            size, version = self._put_around(self._wrap, size, version, kind)
        key = buffer[KEYS[version]]
        sender = self._sender
        if sender is None or key != self._key or kind != self._class or self._chooser.fine or sender.dead:
            sender = self._chooser.choose(self._view[VNET : VNET + size])
            if sender is not self._sender or kind != self._class:
                self.flush()
            self._sender, self._key, self._class = sender, bytes(key), kind
            if sender is None:
                return
        if size > sender.limit and self._refuse(sender, size):
            return
        if sender.sa.tfc is not None and sender.cipher is not None:
            size = self._pad(sender, sender.sa.tfc, size)
        cipher = sender.cipher
        if cipher is None:
            self._slowly(sender, size, version)
        else:
            self._seal(sender, cipher, size, version)

    def _put_around(self, wrap: Wrap, size: int, version: int, kind: int) -> tuple[int, int]:
        """Put the packet in the buffer into GRE of the same class; return length and version of what it is now."""
        buffer = self._buffer
        size = min(size, LARGEST - wrap.room)
        buffer[VNET + wrap.room : VNET + wrap.room + size] = buffer[VNET : VNET + size]
        buffer[VNET : VNET + wrap.room] = wrap.head(version, size, kind)
        return size + wrap.room, wrap.version

    def _pad(self, sender: Sender, tfc: Tfc, size: int) -> int:
        """Put zeros behind the packet in the buffer (RFC 4303 2.7); return its length now."""
        whole = min(tfc.size, sender.limit) if tfc.pads else 0
        self._padded = max(whole - size, 0)
        if self._padded:
            self._buffer[VNET + size : VNET + whole] = bytes(self._padded)
        return size + self._padded

    def _seal(self, sender: Sender, cipher: Cipher, size: int, version: int) -> None:
        """Seal with an AEAD (RFC 4106 3 to 5, RFC 7634 2), in place in the train."""
        places = self._places.get(size) or self._keep(size)
        whole = places.whole
        if self._count and whole != self._size:
            if whole > self._size or self._used + whole > TRAIN_OCTETS:
                self.flush()
        elif self._used + whole > TRAIN_OCTETS:
            self.flush()
        if not self._count:
            self._size = whole
            if self._spent(sender):
                return
        self._buffer[VNET + size : VNET + whole - OVERHEAD] = places.trailer(NEXT[version])
        number, offset = self._count, self._used
        if whole == self._size:
            places.lead(number + 1)
            header, out = places.headers[number], places.sealed[number]
        else:
            header, out = places.last(offset)
        sender.sequence = sequence = sender.sequence + 1
        HEADER.pack_into(self._train, offset, sender.sa.spi, sequence & LOW, sequence)
        NONCE.pack_into(sender.nonce, 4, sequence)
        aad: memoryview | bytearray = header
        if sender.sa.esn:
            EXTENDED.pack_into(sender.aad, 0, sender.sa.spi, sequence)
            aad = sender.aad
        cipher.encrypt_into(sender.nonce, places.one, aad, out)
        self._count, self._last = number + 1, size
        self._used += whole
        self._inner += size - self._padded
        if number + 1 == TRAIN or whole != self._size:
            self.flush()

    def _keep(self, size: int) -> Places:
        if len(self._places) >= SIZES:
            self._places.clear()
        return self._places.setdefault(size, Places(self._buffers, size))

    def flush(self) -> None:
        """Let the train leave."""
        sender, count = self._sender, self._count
        if sender is None or not count:
            return
        used, inner = self._used, self._inner
        self._count = self._used = self._inner = 0
        sender.note(sender.sequence)
        if self._leave(sender, used, count):
            if (ends := sender.count(count, inner)) is not None:
                self._ended(sender, ends)
        else:
            sender.refuse(errors=count)

    def _leave(self, sender: Sender, used: int, count: int) -> bool:
        """Send the train; return whether any of it went."""
        sa, size = sender.sa, self._size
        encapsulated = sa.encapsulated
        one, there = self._ports.sending(sender.here), sender.there
        if one is None:
            return False
        self._ports.leave_whole(one, sa)
        extra = self._extra(sa)
        if count > 1 and encapsulated:
            try:
                return self._send(one, self._train_view[:used], [*extra, (17, UDP_SEGMENT, SEGMENT.pack(size))], there)
            except OSError as error:
                if error.errno not in (errno.EMSGSIZE, errno.EINVAL, errno.EIO):
                    return False
        sent = False
        for offset in range(0, used, size):
            with contextlib.suppress(OSError):
                sent |= self._send(one, self._train_view[offset : min(offset + size, used)], extra, there)
        return sent

    def _send(
        self,
        one: socket.socket,
        octets: memoryview | bytes,
        extra: list[tuple[int, int, bytes]],
        there: tuple[str, int],
    ) -> bool:
        """Send; a socket that is full is waited for, an error that an earlier packet left behind is passed over."""
        for _ in range(3):
            try:
                one.sendmsg((octets,), extra, 0, there)
                return True
            except BlockingIOError:
                select.select((), (one,), (), SEND_WAIT / 1000)
            except OSError as error:
                if error.errno in (errno.EMSGSIZE, errno.EINVAL, errno.EIO):
                    raise
        return False

    def _extra(self, sa: Install) -> list[tuple[int, int, bytes]]:
        """Return what sets the outer class: that of the packets inside (RFC 4301 5.1.2, RFC 6040 4.1)."""
        kind = self._class if sa.outer.marks or sa.transport else self._class & ~CONGESTED
        if not kind:
            return []
        if sa.remote.address.version == 4:
            return [(socket.IPPROTO_IP, socket.IP_TOS, CLASS.pack(kind))]
        return [(socket.IPPROTO_IPV6, IPV6_TCLASS, CLASS.pack(kind))]

    def _slowly(self, sender: Sender, size: int, version: int) -> None:
        """Seal with whatever cipher, or in transport mode, and send at once."""
        start = VNET
        next_header = NEXT[version]
        if sender.sa.transport:
            next_header = self._buffer[VNET + (9 if version == 4 else 6)]
            start += 4 * (self._buffer[VNET] & 15) if version == 4 else 40
        assert sender.codec is not None
        tfc = sender.sa.tfc
        pad = tfc.size if tfc is not None and tfc.pads and not sender.sa.transport else 0
        try:
            octets = sender.codec.seal(bytes(self._view[start : VNET + size]), next_header, pad)
        except Dropped:
            self._ended(sender, True)
            sender.dead = True
            return
        sender.sequence = sender.codec.sequence
        sender.note(sender.sequence)
        sa = sender.sa
        one, there = self._ports.sending(sender.here), sender.there
        with contextlib.suppress(OSError):
            if one is not None:
                self._ports.leave_whole(one, sa)
            if one is not None and self._send(one, octets, self._extra(sa), there):
                for ends in (sender.count(1, size), sender.exhausted(1)):
                    if ends is not None:
                        self._ended(sender, ends)
                return
        sender.refuse(errors=1)

    def hide(self, sender: Sender) -> None:
        """Send the dummy packets of one burst."""
        self.forget()
        one, there = self._ports.sending(sender.here), sender.there
        with contextlib.suppress(OSError, Dropped):
            for octets in sender.dummies():
                if one is not None:
                    self._send(one, octets, [], there)

    def _refuse(self, sender: Sender, size: int) -> bool:
        """Tell a packet's source that it is too long; return False for one that may be cut, outside (RFC 4301 8.2)."""
        room = self._wrap.room if self._wrap is not None else 0
        start = VNET + room
        if self._buffer[start] >> 4 == 4 and not self._buffer[start + 6] & NOT_FRAGMENTED:
            return False
        packet = bytes(self._view[start : VNET + size])
        answer = too_big(packet, sender.limit - room)
        if answer is not None:
            with contextlib.suppress(BlockingIOError):
                self._tun.write(bytes(VNET) + answer)
        sender.refuse(errors=1)
        return True

    def _ended(self, sender: Sender, hard: bool) -> None:
        if hard:
            self._chooser.forget()
        self._tell(Expired(sender.inbound_spi, hard))
