"""Programs that come and go at a board that stays, and a board that goes away under them."""

import socket
import threading
import time

from vfio_user import VfioUser

import support
from support import BULK, ECHO, echo, eventually, pattern, random_bytes, read_exactly, read_to_end


class AttachTest(VfioUser, support.SystemTest):
    def test_two_applications_one_after_the_other(self) -> None:
        for salt in range(2):
            server = self.echo_server()
            data = random_bytes(100_000, salt)
            self.assert_same(echo(self.connect(ECHO), data), data)
            self.assertEqual(server.stop()["server.accepted"], 1)
        counters = self.card.stop()
        self.assertEqual(counters["server.clients"], 2)
        self.assertEqual(counters["dma.faults"], 0)
        self.assertEqual(counters["dma.regions"], 0, "the second left nothing behind either")

    def test_small_messages_go_through_the_push_window(self) -> None:
        server = self.bulk_server("--send", "40", "--count", "20")
        for _ in range(20):
            peer = self.connect(BULK)
            peer.shutdown(socket.SHUT_WR)
            self.assert_same(read_to_end(peer), pattern(40))
            peer.close()
        self.assertEqual(server.wait(), 0, server.log())
        self.assertEqual(server.counters()["engine.push_used"], 20)
        self.assertEqual(self.card.stop()["board.mmio_lines"], 20)

    def test_an_application_killed_in_mid_transfer_is_followed_by_the_next(self) -> None:
        for _ in range(3):
            listener = self.kernel_listener()
            client = self.bulk_client(listener.getsockname()[1], "--send", str(1 << 30), "--expect",
                                      str(1 << 30))
            peer = self.accept(listener)
            stop = threading.Event()

            def feed() -> None:
                block = pattern(1 << 16)
                while not stop.is_set():
                    try:
                        peer.send(block)
                    except OSError:
                        return

            feeder = threading.Thread(target=feed)
            feeder.start()
            self.addCleanup(stop.set)
            first = read_exactly(peer, 200_000)  # both directions are under way
            self.assert_same(first, pattern(200_000))
            client.kill()
            self.card.wait_for_log(f"client {len(self.programs) - 1} has gone")
            stop.set()
            peer.shutdown(socket.SHUT_RDWR)  # wakes the feeder
            feeder.join(support.DEADLINE)
            peer.close()
        server = self.echo_server()
        data = random_bytes(200_000)
        self.assert_same(echo(self.connect(ECHO), data), data)
        counters = server.stop()
        self.assertEqual(counters["server.accepted"], 1)
        board = self.card.stop()
        self.assertEqual(board["server.clients"], 4)
        self.assertEqual(board["dma.regions"], 0)

    def test_the_flows_of_a_dead_application_are_aborted_by_the_next_attach(self) -> None:
        server = self.echo_server()
        peer = self.connect(ECHO)
        peer.sendall(b"hello")
        self.assertEqual(read_exactly(peer, 5), b"hello")
        server.kill()
        self.card.wait_for_log("client 1 has gone")
        self.echo_server()
        # The engine does not know the connection any more and says so.
        with self.assertRaises(ConnectionResetError):
            peer.sendall(b"again")
            peer.recv(5)

    def test_a_board_that_is_killed_ends_the_application_with_its_reason(self) -> None:
        server = self.echo_server()
        peer = self.connect(ECHO)
        peer.sendall(b"hello")
        self.assertEqual(read_exactly(peer, 5), b"hello")
        start = time.monotonic()
        self.card.kill()
        self.assertEqual(server.wait(), 1)
        self.assertIn("No such device", server.log())
        self.assertLess(time.monotonic() - start, 5, "a sleeper is woken by the socket's end")

    def test_a_board_comes_back_at_the_socket_that_it_left(self) -> None:
        server = self.echo_server()
        self.card.kill()
        server.wait()
        self.assertTrue(self.socket_path.exists(), "a killed board leaves its socket")
        self.echo_server()
        data = random_bytes(1000)
        self.assert_same(echo(self.connect(ECHO), data), data)

    def test_a_second_board_does_not_take_the_first_ones_socket(self) -> None:
        self.echo_server()
        second = support.Process(self, "tautline-board", "--socket", str(self.socket_path))
        self.assertEqual(second.wait(), 1)
        self.assertIn("another server is at", second.log())
        data = random_bytes(1000)
        self.assert_same(echo(self.connect(ECHO), data), data)

    def test_a_board_does_not_replace_a_file(self) -> None:
        plain = self.socket_path.parent / "file"
        plain.write_text("precious")
        board = support.Process(self, "tautline-board", "--socket", str(plain))
        self.assertEqual(board.wait(), 1)
        self.assertIn("there is a file", board.log())
        self.assertEqual(plain.read_text(), "precious")

    def test_wrong_urls_say_what_is_wrong(self) -> None:
        nowhere = self.socket_path.parent / "nobody.socket"
        plain = self.socket_path.parent / "file"
        plain.write_text("no socket")
        for url, words in ((f"vfio-user:{nowhere}", "is tautline-board running"),
                           ("vfio-user:", "no path given"),
                           (f"vfio-user:/{'x' * 200}", "too long"),
                           (f"vfio-user:{plain}", "is tautline-board running")):
            program = support.Process(self, "echo_server", "--device", url, "--address",
                                      f"{support.BOARD}/24")
            self.assertEqual(program.wait(), 1, url)
            self.assertIn(words, program.log(), url)

    def test_reads_that_complete_in_any_order_change_nothing(self) -> None:
        client = self.bulk_server("--send", "300001", "--expect", "300003",
                                  url="&reorder_reads=2&stall=0.2&read_latency=200")
        peer = self.connect(BULK)
        with support.sending(peer, pattern(300_003)):
            self.assert_same(read_to_end(peer), pattern(300_001))
        peer.close()
        self.assertEqual(client.wait(), 0, client.log())

    def test_the_board_ends_when_it_is_told_and_takes_its_socket_along(self) -> None:
        self.echo_server()
        self.card.stop()
        self.assertFalse(self.socket_path.exists())
        eventually("the application ends too", lambda: self.programs[-1].process.poll() is not None)
