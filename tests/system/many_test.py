"""Many connections at the same time."""

import errno
import selectors
import socket

import support
from support import BOARD, DEADLINE, ECHO, echo, eventually, random_bytes


class ManyTest(support.SystemTest):
    def echo_all(self, count: int, size: int) -> None:
        """Opens all, then moves bytes on all of them as they are ready."""
        selector = selectors.DefaultSelector()
        self.addCleanup(selector.close)
        got = [bytearray() for _ in range(count)]
        sent = [0] * count
        data = [random_bytes(size, i) for i in range(count)]
        both = selectors.EVENT_READ | selectors.EVENT_WRITE
        for i in range(count):
            peer = socket.socket()
            self.addCleanup(peer.close)
            peer.setblocking(False)
            self.assertIn(peer.connect_ex((BOARD, ECHO)), (0, errno.EINPROGRESS))
            selector.register(peer, both, i)
        while selector.get_map():
            ready = selector.select(DEADLINE)
            self.assertTrue(ready, f"no progress: {sum(map(len, got))} of {count * size} bytes")
            for key, events in ready:
                i, peer = key.data, key.fileobj
                if events & selectors.EVENT_WRITE:
                    sent[i] += peer.send(data[i][sent[i]:])
                    if sent[i] == size:
                        peer.shutdown(socket.SHUT_WR)
                        selector.modify(peer, selectors.EVENT_READ, i)
                if events & selectors.EVENT_READ:
                    part = peer.recv(1 << 16)
                    got[i] += part
                    if not part:
                        selector.unregister(peer)
                        peer.close()
        for i in range(count):
            self.assert_same(bytes(got[i]), data[i])

    def test_64_connections_at_once(self) -> None:
        board = self.echo_server()
        self.echo_all(64, 30_000)
        self.assertEqual(board.stop()["server.accepted"], 64)

    def test_64_connections_at_once_under_loss(self) -> None:
        board = self.echo_server("--rto-initial", "100ms", url="&loss=0.02")
        self.echo_all(64, 10_000)
        board.stop()

    def test_every_slot_is_used_and_one_more_is_refused(self) -> None:
        board = self.echo_server()
        peers = []
        for i in range(256):
            peer = self.connect(ECHO)
            peer.sendall(bytes([i]))
            peers.append(peer)
        for i, peer in enumerate(peers):
            self.assertEqual(peer.recv(1), bytes([i]))
        extra = socket.socket()
        self.addCleanup(extra.close)
        extra.setblocking(False)
        extra.connect_ex((BOARD, ECHO))
        eventually("the SYN that found no slot counted",
                   lambda: board.counter("engine.no_slot"))
        for i, peer in enumerate(peers):  # none of them suffered
            peer.sendall(bytes([255 - i]))
            self.assertEqual(peer.recv(1), bytes([255 - i]))
            peer.close()
        extra.close()
        data = random_bytes(1000)
        self.assert_same(echo(self.connect(ECHO), data), data)
        counters = board.stop()
        self.assertGreaterEqual(counters["server.accepted"], 257)
