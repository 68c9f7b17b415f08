"""Reads TCP segments from a pcapng file (draft-ietf-opsawg-pcapng). Standard library only."""

import dataclasses
import struct
from collections.abc import Iterator

SECTION, INTERFACE, SIMPLE_PACKET, ENHANCED_PACKET = 0x0A0D0D0A, 1, 3, 6
OPT_COMMENT, OPT_EPB_FLAGS, OPT_IF_TSRESOL = 1, 2, 9
FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10


@dataclasses.dataclass
class Packet:
    time: float  # seconds, as stated by the file
    nanoseconds: int
    frame: bytes
    direction: int  # 0 unknown, 1 inbound, 2 outbound
    comment: str


@dataclasses.dataclass
class Segment:
    packet: Packet
    source: tuple[str, int]
    destination: tuple[str, int]
    seq: int
    ack: int
    flags: int
    window: int  # as on the wire
    length: int
    window_scale: int | None  # only with SYN

    @property
    def time(self) -> float:
        return self.packet.time

    @property
    def lost(self) -> bool:
        """The link model took it away."""
        return self.packet.comment.startswith("dropped")


def _options(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        code, length = struct.unpack_from(order + "HH", data, at)
        if code == 0:
            return
        yield code, data[at + 4:at + 4 + length]
        at += 4 + (length + 3) // 4 * 4


def packets(path: str) -> Iterator[Packet]:
    """Every packet of the file, in its order. A file that ends in the middle of a block ends there."""
    with open(path, "rb") as file:
        order = "<"
        resolutions: list[int] = []  # units per second
        while len(head := file.read(8)) == 8:
            kind, length = struct.unpack(order + "II", head)
            if kind == SECTION:
                magic = file.read(4)
                order = "<" if magic == b"\x4d\x3c\x2b\x1a" else ">"
                length = struct.unpack(order + "I", head[4:])[0]
                file.seek(length - 12, 1)
                resolutions = []
                continue
            body = file.read(length - 8)
            if len(body) < length - 8:
                return
            body = body[:-4]
            if kind == INTERFACE:
                units = 10**6
                for code, value in _options(body[8:], order):
                    if code == OPT_IF_TSRESOL:
                        units = 2**(value[0] & 0x7F) if value[0] & 0x80 else 10**value[0]
                resolutions.append(units)
            elif kind == ENHANCED_PACKET:
                interface, high, low, captured, _ = struct.unpack_from(order + "IIIII", body)
                units = resolutions[interface]
                ticks = high << 32 | low
                direction, comment = 0, ""
                for code, value in _options(body[20 + (captured + 3) // 4 * 4:], order):
                    if code == OPT_EPB_FLAGS:
                        direction = struct.unpack(order + "I", value)[0] & 3
                    elif code == OPT_COMMENT:
                        comment = value.decode()
                yield Packet(ticks / units, ticks * 10**9 // units, body[20:20 + captured],
                             direction, comment)


def ethertype(frame: bytes) -> tuple[int, int]:
    """The type and the offset of what follows, behind an 802.1Q tag if there is one."""
    kind = int.from_bytes(frame[12:14], "big")
    if kind == 0x8100:
        return int.from_bytes(frame[16:18], "big"), 18
    return kind, 14


def segment(packet: Packet) -> Segment | None:
    """The packet as a TCP segment, or None if it is none."""
    frame = packet.frame
    kind, ip = ethertype(frame)
    if kind != 0x0800 or len(frame) < ip + 20 or frame[ip + 9] != 6:
        return None
    total = int.from_bytes(frame[ip + 2:ip + 4], "big")
    tcp = ip + (frame[ip] & 15) * 4
    if len(frame) < tcp + 20:
        return None
    sport, dport, seq, ack, offset, flags, window = struct.unpack_from("!HHIIBBH", frame, tcp)
    header = (offset >> 4) * 4
    scale = None
    if flags & SYN:
        at = tcp + 20
        while at < tcp + header and frame[at] != 0:
            if frame[at] == 1:
                at += 1
                continue
            if frame[at] == 3:
                scale = min(frame[at + 2], 14)
            at += max(frame[at + 1], 2)
    address = [".".join(map(str, frame[ip + 12 + i:ip + 16 + i])) for i in (0, 4)]
    return Segment(packet, (address[0], sport), (address[1], dport), seq, ack, flags, window,
                   total - (tcp - ip) - header, scale)


def segments(path: str) -> Iterator[Segment]:
    for packet in packets(path):
        if (found := segment(packet)) is not None:
            yield found
