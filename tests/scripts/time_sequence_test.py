"""Captures made here, with known losses, read and drawn by scripts/time_sequence.py."""

import pathlib
import random
import struct
import sys
import tempfile
import unittest
import xml.etree.ElementTree

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))
sys.dont_write_bytecode = True

import pcapng  # noqa: E402
import time_sequence  # noqa: E402

A, B = ("10.0.0.1", 80), ("10.0.0.2", 40000)
MSS = 1460


class Capture:
    """Writes what pcapng.packets reads."""

    def __init__(self, path: str, order: str = "<", vlan: bool = False):
        self.file = open(path, "wb")
        self.order, self.vlan = order, vlan
        self.block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
        resolution = struct.pack(order + "HHB3xI", 9, 1, 9, 0)
        self.block(1, struct.pack(order + "HHI", 1, 0, 0) + resolution)

    def block(self, kind: int, body: bytes) -> None:
        length = struct.pack(self.order + "I", len(body) + 12)
        self.file.write(struct.pack(self.order + "I", kind) + length + body + length)

    def segment(self, nanoseconds: int, source, destination, seq: int, ack: int, flags: int,
                window: int, length: int, options: bytes = b"", comment: str = "") -> None:
        header = 20 + len(options)
        tcp = struct.pack("!HHIIBBHHH", source[1], destination[1], seq % 2**32, ack % 2**32,
                          header // 4 << 4, flags, window, 0, 0) + options + bytes(length)
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0)
        for address in (source[0], destination[0]):
            ip += bytes(map(int, address.split(".")))
        tag = b"\x81\x00\x00\x05" if self.vlan else b""
        frame = bytes(12) + tag + b"\x08\x00" + ip + tcp
        options_block = b""
        if comment:
            text = comment.encode()
            options_block = struct.pack(self.order + "HH", 1, len(text)) + text
            options_block += bytes(-len(text) % 4) + bytes(4)
        body = struct.pack(self.order + "IIIII", 0, nanoseconds >> 32, nanoseconds & 0xFFFFFFFF,
                           len(frame), len(frame))
        self.block(6, body + frame + bytes(-len(frame) % 4) + options_block)

    def close(self) -> None:
        self.file.close()


def transfer(path: str, segments: int, lost: set[int], isn: int = 1000, **kind) -> None:
    """A sends; each lost segment is repeated 5 ms later, and B acknowledges what is in order."""
    capture = Capture(path, **kind)
    scale = bytes([3, 3, 7, 0])
    capture.segment(0, B, A, 77, 0, pcapng.SYN, 65535, 0, scale)
    capture.segment(10**5, A, B, isn, 78, pcapng.SYN | pcapng.ACK, 65535, 0, scale)
    capture.segment(2 * 10**5, B, A, 78, isn + 1, pcapng.ACK, 512, 0)
    events = []  # time, kind, segment
    for i in range(segments):
        events.append((10**6 + i * 200_000, 0, i))
        if i in lost:
            events.append((10**6 + i * 200_000 + 5_000_000, 1, i))
    have: set[int] = set()
    next_wanted = 0
    for time, again, i in sorted(events):
        dropped = i in lost and not again
        capture.segment(time, A, B, isn + 1 + i * MSS, 78, pcapng.ACK, 512, MSS,
                        comment="dropped: loss" if dropped else "")
        if dropped:
            continue
        have.add(i)
        while next_wanted in have:
            next_wanted += 1
        capture.segment(time + 50_000, B, A, 78, isn + 1 + next_wanted * MSS, pcapng.ACK, 512, 0)
    capture.close()


class TimeSequence(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = str(pathlib.Path(directory.name) / "a.pcapng")
        self.svg = str(pathlib.Path(directory.name) / "a.svg")

    def test_finds_every_retransmission_and_loss(self) -> None:
        lost = set(random.Random(1).sample(range(400), 9))
        transfer(self.path, 400, lost)
        (found,) = time_sequence.read_transfers(self.path)
        self.assertEqual(found.bytes, 400 * MSS)
        self.assertEqual(found.retransmissions, 9)
        self.assertEqual(sum(d.lost for d in found.data), 9)
        self.assertEqual({d.first // MSS for d in found.data if d.again}, lost)
        self.assertEqual(found.acks[-1][1], 400 * MSS)

    def test_scales_the_window(self) -> None:
        transfer(self.path, 4, set())
        (found,) = time_sequence.read_transfers(self.path)
        self.assertEqual(found.edges[-1][1] - found.acks[-1][1], 512 << 7)

    def test_follows_a_sequence_number_that_wraps(self) -> None:
        transfer(self.path, 400, {100}, isn=2**32 - 300_000)
        (found,) = time_sequence.read_transfers(self.path)
        self.assertEqual(found.bytes, 400 * MSS)
        self.assertEqual(found.retransmissions, 1)

    def test_reads_the_other_byte_order_and_a_vlan_tag(self) -> None:
        transfer(self.path, 40, {3}, order=">", vlan=True)
        (found,) = time_sequence.read_transfers(self.path)
        self.assertEqual((found.bytes, found.retransmissions), (40 * MSS, 1))

    def test_a_file_cut_in_the_middle_of_a_block_ends_there(self) -> None:
        transfer(self.path, 40, set())
        data = pathlib.Path(self.path).read_bytes()
        pathlib.Path(self.path).write_bytes(data[:-200])  # into the last segment with data
        (found,) = time_sequence.read_transfers(self.path)
        self.assertEqual(found.bytes, 39 * MSS)

    def test_draws_both_panels(self) -> None:
        transfer(self.path, 400, {50, 200, 300})
        sys.argv = ["time_sequence.py", self.path, self.svg]
        self.assertEqual(time_sequence.main(), 0)
        root = xml.etree.ElementTree.parse(self.svg).getroot()
        classes = [e.get("class") for e in root.iter("{http://www.w3.org/2000/svg}path")]
        # Once in the legend, once in each panel.
        for css in ("sent", "again", "ack", "lost"):
            self.assertEqual(classes.count(css), 3, css)


if __name__ == "__main__":
    unittest.main()
