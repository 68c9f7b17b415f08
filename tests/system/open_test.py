"""Connections open from either side, or are refused as a POSIX user expects."""

import re
import socket

import support
from support import (BOARD, BULK, ECHO, NOBODY, echo, kernel_info, pattern, pcapng, random_bytes,
                     read_to_end)


class KernelConnectsTest(support.SystemTest):
    def test_bytes_come_back(self) -> None:
        self.echo_server()
        data = random_bytes(1 << 20)
        self.assert_same(echo(self.connect(ECHO), data), data)

    def test_a_closed_port_refuses(self) -> None:
        board = self.echo_server()
        with self.assertRaises(ConnectionRefusedError):
            self.connect(ECHO + 1)
        counters = board.stop()
        # One, unless the machine is so busy that the kernel asks again before it sees the answer.
        asked = [s for s in board.segments() if s.destination == (BOARD, ECHO + 1)]
        refused = [s for s in board.segments() if s.source == (BOARD, ECHO + 1)]
        self.assertEqual([(s.flags, s.ack) for s in refused],
                         [(pcapng.RST | pcapng.ACK, s.seq + 1 & 0xFFFFFFFF) for s in asked])
        self.assertEqual(counters["engine.no_flow"], len(asked))

    def test_one_connection_after_the_other(self) -> None:
        board = self.echo_server()
        for i in range(300):  # more than the board has slots
            data = random_bytes(100, i)
            peer = self.connect(ECHO)
            self.assert_same(echo(peer, data), data)
            peer.close()
        counters = board.stop()
        self.assertEqual(counters["server.accepted"], 300)
        self.assertEqual(counters.get("engine.no_slot", 0), 0)

    def test_the_kernel_sees_what_the_board_offered(self) -> None:
        self.echo_server("--mtu", "1400", "--receive-ring", "20")
        peer = self.connect(ECHO)
        data = random_bytes(3000)
        with support.sending(peer, data, end=False):
            self.assert_same(support.read_exactly(peer, len(data)), data)
        info = kernel_info(peer)
        options = peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)
        self.assertEqual(options[5] & 7, 4, f"a window scale, no timestamps, no SACK: {info}")
        self.assertEqual(options[6] & 15, 4, f"16 times 65,535 covers the ring of 1 MiB: {info}")
        mss = re.search(r"\bmss:(\d+)", info)
        self.assertIsNotNone(mss, info)
        self.assertEqual(int(mss[1]), 1360, info)
        self.assertIn("ESTAB", info)


class BoardConnectsTest(support.SystemTest):
    def transfer(self, out: int, back: int) -> None:
        listener = self.kernel_listener()
        board = self.bulk_client(listener.getsockname()[1], "--send", str(out), "--expect",
                                 str(back))
        peer = self.accept(listener)
        self.assertEqual(peer.getpeername()[0], BOARD)
        with support.sending(peer, pattern(back)):
            self.assert_same(read_to_end(peer), pattern(out))
        self.assertEqual(board.wait(), 0, board.log())
        self.assertEqual(board.counters()["engine.active_opens"], 1)

    def test_sends(self) -> None:
        self.transfer(1 << 20, 0)

    def test_receives(self) -> None:
        self.transfer(0, 1 << 20)

    def test_does_both_at_once(self) -> None:
        self.transfer(700_001, 600_003)

    def test_a_closed_port_refuses(self) -> None:
        listener = self.kernel_listener()
        port = listener.getsockname()[1]
        listener.close()
        board = self.bulk_client(port, "--send", "10")
        self.assertEqual(board.wait(), 1)
        self.assertIn("Connection refused", board.log())

    def test_a_host_that_is_not_there_is_unreachable(self) -> None:
        board = self.bulk_client(1, "--send", "10", host=NOBODY)
        self.assertEqual(board.wait(), 1)
        self.assertIn("No route to host", board.log())

    def test_another_network_needs_a_gateway(self) -> None:
        board = self.bulk_client(1, "--send", "10", host="192.0.2.1")
        self.assertEqual(board.wait(), 1)
        self.assertRegex(board.log(), "No route to host|Network is unreachable")

    def test_another_network_is_reached_through_the_gateway(self) -> None:
        support.run("ip", "address", "add", "192.0.2.1/32", "dev", "lo")
        listener = socket.socket()
        self.addCleanup(listener.close)
        listener.bind(("192.0.2.1", 0))
        listener.listen()
        board = self.bulk_client(listener.getsockname()[1], "--send", "5000", "--gateway",
                                 support.KERNEL, host="192.0.2.1")
        peer = self.accept(listener)
        peer.shutdown(socket.SHUT_WR)
        self.assert_same(read_to_end(peer), pattern(5000))
        self.assertEqual(board.wait(), 0, board.log())


class BulkServerTest(support.SystemTest):
    def test_both_directions_at_once(self) -> None:
        board = self.bulk_server("--send", "700001", "--expect", "600003", "--count", "2")
        for _ in range(2):
            peer = self.connect(BULK)
            with support.sending(peer, pattern(600_003)):
                self.assert_same(read_to_end(peer), pattern(700_001))
            peer.close()
        self.assertEqual(board.wait(), 0, board.log())
