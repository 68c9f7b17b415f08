"""Connections end: orderly from either side, half, by reset, and with a board that dies."""

import contextlib
import socket

import support
from support import (BOARD, BULK, ECHO, HTTP, echo, eventually, kernel_info, pattern, random_bytes,
                     read_exactly, read_to_end, reset_on_close, run)


def from_one_port(peer: socket.socket) -> None:
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    peer.bind(("", 40_000))


class HalfCloseTest(support.SystemTest):
    def test_the_kernel_ends_its_side_and_goes_on_reading(self) -> None:
        board = self.bulk_server("--send", "500000", "--expect", "1000", "--receive-ring", "12")
        peer = self.connect(BULK)
        peer.sendall(pattern(1000))
        peer.shutdown(socket.SHUT_WR)
        eventually("the kernel's FIN acknowledged", lambda: "FIN-WAIT-2" in kernel_info(peer))
        self.assert_same(read_to_end(peer), pattern(500_000))
        self.assertEqual(board.wait(), 0, board.log())

    def test_the_board_ends_its_side_and_goes_on_reading(self) -> None:
        board = self.bulk_server("--expect", "500000")
        peer = self.connect(BULK)
        self.assertEqual(peer.recv(1), b"")
        self.assertIn("CLOSE-WAIT", kernel_info(peer))
        peer.sendall(pattern(500_000))
        peer.close()
        self.assertEqual(board.wait(), 0, board.log())

    def test_the_board_connects_and_ends_its_side_first(self) -> None:
        listener = self.kernel_listener()
        board = self.bulk_client(listener.getsockname()[1], "--send", "3", "--expect", "500000",
                                 "--time-wait", "100ms")
        peer = self.accept(listener)
        self.assert_same(read_to_end(peer), pattern(3))
        peer.sendall(pattern(500_000))
        peer.close()
        self.assertEqual(board.wait(), 0, board.log())
        self.assertEqual(board.counters()["engine.time_wait"], 1)


class OrderlyCloseTest(support.SystemTest):
    def test_a_stopping_server_ends_its_connections_with_a_fin(self) -> None:
        board = self.echo_server()
        peer = self.connect(ECHO)
        peer.sendall(b"abc")
        self.assertEqual(read_exactly(peer, 3), b"abc")
        board.process.terminate()
        self.assertEqual(peer.recv(1), b"")
        peer.close()
        self.assertEqual(board.stop()["engine.time_wait"], 1)

    def test_a_port_pair_in_time_wait_opens_again(self) -> None:
        # RFC 9293 3.10.7.4, TIME-WAIT: a new SYN with a higher sequence number may reopen.
        board = self.bulk_server("--send", "1000", "--count", "20")
        for _ in range(20):
            peer = self.connect(BULK, from_one_port)
            self.assert_same(read_to_end(peer), pattern(1000))  # the board closes first
            peer.close()
            eventually("the kernel's port free", lambda: "40000" not in run("ss", "-tanH"))
        self.assertEqual(board.wait(), 0, board.log())
        counters = board.counters()
        self.assertEqual(counters["engine.time_wait"], 20)
        self.assertEqual(counters["engine.time_wait_reopened"], 19)


class ResetTest(support.SystemTest):
    def test_a_reset_by_the_kernel_is_a_reset_connection(self) -> None:
        board = self.bulk_server("--expect", "100000")
        peer = self.connect(BULK)
        self.assertEqual(peer.recv(1), b"")
        peer.sendall(pattern(1000))
        reset_on_close(peer)
        peer.close()
        self.assertEqual(board.wait(), 1)
        self.assertIn("Connection reset by peer", board.log())

    def test_a_reset_while_the_board_sends(self) -> None:
        board = self.bulk_server("--send", "100000000")
        peer = self.connect(BULK)
        read_exactly(peer, 100_000)
        reset_on_close(peer)
        peer.close()
        self.assertEqual(board.wait(), 1)
        self.assertIn("Connection reset by peer", board.log())

    def test_an_echo_server_survives_resets(self) -> None:
        board = self.echo_server()
        for i in range(300):  # more than there are slots: none may leak
            peer = self.connect(ECHO)
            peer.sendall(random_bytes(200, i))
            reset_on_close(peer)
            peer.close()
        data = random_bytes(10_000)
        self.assert_same(echo(self.connect(ECHO), data), data)
        counters = board.stop()
        self.assertEqual(counters["engine.resets_in"], 300)
        self.assertEqual(counters.get("engine.no_slot", 0), 0)

    def test_a_reset_by_the_board_is_a_reset_connection(self) -> None:
        board = self.http_server(self.directory, "--idle-timeout", "200ms")
        peer = self.connect(HTTP)
        with self.assertRaises(ConnectionResetError):
            peer.sendall(b"GET / HT")
            peer.recv(1)
        self.assertGreaterEqual(board.stop()["engine.resets_out"], 1)


class RestartTest(support.SystemTest):
    def test_the_old_connection_is_reset_and_the_port_serves_again(self) -> None:
        data = random_bytes(10_000)
        old = self.echo_server()
        peer = self.connect(ECHO)
        peer.sendall(b"abc")
        self.assertEqual(read_exactly(peer, 3), b"abc")
        old.kill()
        new = self.echo_server()
        peer.sendall(b"abc")
        with self.assertRaises(ConnectionResetError):
            peer.recv(1)
        self.assert_same(echo(self.connect(ECHO), data), data)
        # At least these three bytes; the kernel may have sent more before it saw the reset.
        self.assertGreaterEqual(new.stop()["engine.no_flow"], 1)

    def test_a_kernel_port_in_use_opens_to_the_new_board(self) -> None:
        # The kernel's old port again: to the new board this is a SYN like any other.
        data = random_bytes(10_000)
        for _ in range(3):
            board = self.echo_server()
            peer = self.connect(ECHO, from_one_port)
            peer.sendall(data)
            self.assert_same(read_exactly(peer, len(data)), data)
            board.kill()
            reset_on_close(peer)
            peer.close()

    def test_a_board_that_connects_again_meets_its_old_self(self) -> None:
        # RFC 9293 3.5.1: the kernel still holds the half of what a dead board had opened.
        listener = self.kernel_listener()
        port = listener.getsockname()[1]
        old = self.bulk_client(port, "--send", "1000", "--expect", "10")
        half_open = self.accept(listener)
        board_port = half_open.getpeername()[1]
        self.assert_same(read_to_end(half_open), pattern(1000))
        old.kill()
        new = self.bulk_client(port, "--send", "2000", "--expect", "10")
        peer = self.accept(listener)
        self.assert_same(read_to_end(peer), pattern(2000))
        # A late acknowledgement of the kernel's may have met the new board before this does.
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            half_open.sendall(pattern(10))
        eventually("the half-open connection reset",
                   lambda: not run("ss", "-tnH", "dst", f"{BOARD}:{board_port}"))
        peer.sendall(pattern(10))
        peer.close()
        self.assertEqual(new.wait(), 0, new.log())
