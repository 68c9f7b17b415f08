"""Readers that are slow, and windows that are small or shut."""

import select
import socket

import support
from support import (BULK, ECHO, eventually, kernel_info, pattern, random_bytes, read_exactly,
                     read_to_end)

TCP_WINDOW_CLAMP = 10


def receive_buffer(size: int):
    def prepare(peer: socket.socket) -> None:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
    return prepare


class SlowKernelTest(support.SystemTest):
    """The board sends, the kernel's reader is the slow side."""

    def test_a_reader_that_pauses_gets_everything(self) -> None:
        data = random_bytes(290_000)
        board = self.echo_server()
        peer = self.connect(ECHO, receive_buffer(4096))
        next_pause = 60_000

        def pause(have: int) -> None:
            nonlocal next_pause
            if have >= next_pause:
                next_pause += 60_000
                probes = board.counter("engine.probes_out")
                eventually("a probe of the shut window",
                           lambda: board.counter("engine.probes_out") > probes)

        with support.sending(peer, data):
            self.assert_same(read_to_end(peer, pause), data)
        board.stop()

    def test_probes_go_on_until_the_window_opens(self) -> None:
        data = random_bytes(400_000)
        board = self.echo_server()
        peer = self.connect(ECHO, receive_buffer(2048))
        with support.sending(peer, data):
            eventually("probes of a shut window", lambda: board.counter("engine.probes_out") >= 4)
            self.assert_same(read_to_end(peer), data)
        self.assertEqual(board.stop().get("engine.timeout_aborts", 0), 0)

    def test_the_least_receive_buffer_of_the_kernel(self) -> None:
        board = self.bulk_server("--send", "100000")
        peer = self.connect(BULK, receive_buffer(1))
        self.assert_same(read_to_end(peer), pattern(100_000))
        peer.close()
        self.assertEqual(board.wait(), 0, board.log())

    def test_a_window_below_one_segment(self) -> None:
        board = self.bulk_server("--send", "50000")

        def clamp(peer: socket.socket) -> None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            peer.setsockopt(socket.IPPROTO_TCP, TCP_WINDOW_CLAMP, 600)

        peer = self.connect(BULK, clamp)
        self.assert_same(read_to_end(peer), pattern(50_000))
        peer.close()
        self.assertEqual(board.wait(), 0, board.log())
        longest = max(s.length for s in board.segments() if s.source[1] == BULK)
        self.assertLess(longest, 1460)

    def test_a_byte_at_a_time_through_a_slow_reader(self) -> None:
        board = self.echo_server("--nodelay")
        peer = self.connect(ECHO, receive_buffer(2048))
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        data = random_bytes(3000)
        for i in range(len(data)):
            peer.sendall(data[i:i + 1])
        self.assert_same(read_exactly(peer, len(data)), data)
        board.stop()


class SlowBoardTest(support.SystemTest):
    """The kernel sends, the board's application is slow: an echo that cannot be written."""

    def fill(self, peer: socket.socket, data: bytes) -> int:
        """Sends until the kernel probes the board's shut window; returns how much was taken."""
        peer.setblocking(False)
        sent = 0

        def stuck() -> bool:
            nonlocal sent
            while select.select([], [peer], [], 0)[1]:
                sent += peer.send(data[sent:sent + 65536])
            return "timer:(persist" in kernel_info(peer)

        eventually("the kernel's zero-window probe", stuck)
        peer.settimeout(support.DEADLINE)
        return sent

    def shut_and_open(self, *arguments: str) -> None:
        data = random_bytes(4 << 20)
        board = self.echo_server(*arguments)

        def small(peer: socket.socket) -> None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32768)

        peer = self.connect(ECHO, small)
        sent = self.fill(peer, data)
        self.assertLess(sent, 1 << 20, "the board's window stayed open")
        with support.sending(peer, data[sent:sent + 100_000]):
            self.assert_same(read_to_end(peer), data[:sent + 100_000])
        # That the kernel went on is the proof: what tells it that the window is open again may be an ACK of
        # its own or ride on the echo.
        board.stop()

    def test_a_shut_window_opens_again(self) -> None:
        self.shut_and_open()

    def test_the_smallest_receive_ring(self) -> None:
        self.shut_and_open("--receive-ring", "12")

    def test_a_bulk_transfer_through_the_smallest_receive_ring(self) -> None:
        board = self.bulk_server("--expect", "500000", "--receive-ring", "12")
        peer = self.connect(BULK)
        peer.sendall(pattern(500_000))
        peer.shutdown(socket.SHUT_WR)
        self.assertEqual(read_to_end(peer), b"")
        self.assertEqual(board.wait(), 0, board.log())

    def test_a_large_receive_ring_is_scaled(self) -> None:
        board = self.bulk_server("--expect", "1500000", "--receive-ring", "20")
        peer = self.connect(BULK)
        peer.sendall(pattern(1_500_000))
        peer.shutdown(socket.SHUT_WR)
        self.assertEqual(read_to_end(peer), b"")
        self.assertEqual(board.wait(), 0, board.log())
