"""Links and segments of every size, held to on the wire."""

import pathlib
import socket

import support
from support import BULK, pattern, pcapng, random_bytes, read_to_end

SIZE = 200_001


class SizesTest(support.SystemTest):
    def exchange(self, kernel_mtu: int, board_mtu: int, maxseg: int = 0,
                 size: int = SIZE) -> tuple[int, int]:
        """Moves bytes both ways and returns the longest segments: the kernel's and the board's."""
        support.run("ip", "link", "set", self.tap, "mtu", str(kernel_mtu))
        board = self.bulk_server("--mtu", str(board_mtu), "--send", str(size), "--expect",
                                 str(size))

        def limit(peer: socket.socket) -> None:
            if maxseg:
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, maxseg)

        peer = self.connect(BULK, limit)
        with support.sending(peer, pattern(size)):
            self.assert_same(read_to_end(peer), pattern(size))
        peer.close()
        self.assertEqual(board.wait(), 0, board.log())
        longest = [0, 0]
        for segment in board.segments():
            from_board = segment.source[1] == BULK
            longest[from_board] = max(longest[from_board], segment.length)
            room = kernel_mtu if from_board else board_mtu
            self.assertLessEqual(segment.length + 40, room)
        return longest[0], longest[1]

    def test_both_ends_know_the_link(self) -> None:
        for mtu in (576, 577, 1006, 1280, 1492, 1499, 1500):
            with self.subTest(mtu=mtu):
                self.assertEqual(self.exchange(mtu, mtu), (mtu - 40, mtu - 40))

    def test_the_board_obeys_the_mss_of_the_kernel(self) -> None:
        for mtu in (576, 1001):
            with self.subTest(mtu=mtu):
                self.assertEqual(self.exchange(mtu, 1500), (mtu - 40, mtu - 40))

    def test_the_kernel_obeys_the_mss_of_the_board(self) -> None:
        for mtu in (576, 1001):
            with self.subTest(mtu=mtu):
                self.assertEqual(self.exchange(1500, mtu), (mtu - 40, mtu - 40))

    def test_tiny_segments(self) -> None:
        for maxseg in (88, 100, 535):
            with self.subTest(maxseg=maxseg):
                self.assertEqual(self.exchange(1500, 1500, maxseg, 30_000), (maxseg, maxseg))

    def test_an_mss_below_the_floor(self) -> None:
        # An MSS of 1 would make every byte a frame; below 48 the board sends 48.
        pathlib.Path("/proc/sys/net/ipv4/route/min_adv_mss").write_text("20")
        self.set_route("advmss", "20")
        longest = self.exchange(1500, 1500, size=5_000)
        syn = next(s for s in self.programs[-1].segments() if s.flags & pcapng.SYN)
        self.assertIn(b"\x02\x04\x00\x14", syn.packet.frame[54:], "the kernel offered another MSS")
        self.assertEqual(longest[1], 48)

    def test_every_length_around_a_segment(self) -> None:
        self.echo_server("--nodelay")
        peer = self.connect(support.ECHO)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for size in [*range(1, 140), *range(1440, 1480), *range(2910, 2930), 8191, 8192, 8193]:
            data = random_bytes(size, size)
            peer.sendall(data)
            self.assert_same(support.read_exactly(peer, size), data)
