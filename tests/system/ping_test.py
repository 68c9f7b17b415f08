"""The kernel pings the board."""

import errno
import os
import socket
import struct

import support
from support import BOARD, NOBODY, eventually, random_bytes


def checksum(data: bytes) -> int:
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


class PingTest(support.SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.board = self.echo_server()
        self.icmp = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self.addCleanup(self.icmp.close)
        self.icmp.settimeout(5)

    def request(self, size: int, sequence: int) -> bytes:
        """An echo request; its payload."""
        payload = random_bytes(size, sequence)
        head = struct.pack("!BBHHH", 8, 0, 0, os.getpid() & 0xFFFF, sequence)
        head = struct.pack("!BBHHH", 8, 0, checksum(head + payload), os.getpid() & 0xFFFF, sequence)
        self.icmp.sendto(head + payload, (BOARD, 0))
        return payload

    def reply(self, sequence: int) -> bytes:
        while True:
            packet = self.icmp.recv(65536)
            icmp = packet[(packet[0] & 15) * 4:]
            kind, code, _, identifier, number = struct.unpack_from("!BBHHH", icmp)
            if (kind, code, identifier, number) == (0, 0, os.getpid() & 0xFFFF, sequence):
                self.assertEqual(checksum(icmp), 0)
                return icmp[8:]

    def test_every_size_comes_back_with_the_same_bytes(self) -> None:
        for size in range(1473):
            sent = self.request(size, size)
            self.assertEqual(self.reply(size), sent, f"{size} bytes")
        counters = self.board.stop()
        self.assertEqual(counters["engine.icmp_echo"], 1473)

    def test_the_ping_program_agrees(self) -> None:
        for size in (0, 56, 1471, 1472):
            text = support.run("ping", "-n", "-c", "3", "-i", "0.02", "-W", "5", "-s", str(size),
                               "-M", "do", BOARD)
            self.assertIn("3 received, 0% packet loss", text)

    def test_a_fragmented_request_is_counted_and_not_answered(self) -> None:
        self.request(4000, 1)
        eventually("the fragments counted",
                   lambda: self.board.counter("engine.rx_fragment") == 3)
        sent = self.request(100, 2)
        self.assertEqual(self.reply(2), sent)

    def test_no_one_answers_for_another_address(self) -> None:
        with self.assertRaises(OSError) as raised:
            self.connect(support.ECHO, host=NOBODY)
        self.assertEqual(raised.exception.errno, errno.EHOSTUNREACH)
