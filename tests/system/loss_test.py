"""A wire that loses, moves, repeats and spoils frames.

Which frames it takes is settled by the seed, what they carry by the kernel's timing. Sizes and rates are
such that each counter that is asked for moves about ten times, so that none depends on luck.
"""

import support
from support import BULK, ECHO, echo, pattern, random_bytes, read_to_end

SIZE = 400_000


class Rig(support.SystemTest):
    def both_ways(self, wire: str, *counters: str, size: int = SIZE) -> None:
        """Both directions at once; each of the counters has to have moved."""
        board = self.bulk_server("--send", str(size), "--expect", str(size), url=wire)
        peer = self.connect(BULK)
        with support.sending(peer, pattern(size)):
            self.assert_same(read_to_end(peer), pattern(size))
        peer.close()
        self.assertEqual(board.wait(), 0, board.log())
        values = board.counters()
        for name in counters:
            self.assertGreater(values.get(name, 0), 0, name)


class BadWireTest(Rig):
    def test_loss_of_one_percent(self) -> None:
        self.both_ways("&loss=0.01", "engine.retrans_segs", "engine.out_of_order",
                       size=4 * SIZE)

    def test_loss_of_five_percent(self) -> None:
        self.both_ways("&loss=0.05", "engine.retrans_segs", "engine.out_of_order")

    def test_loss_towards_the_kernel_only(self) -> None:
        self.both_ways("&tx_loss=0.03", "engine.retrans_segs", "engine.fast_retrans",
                       size=2 * SIZE)

    def test_loss_towards_the_board_only(self) -> None:
        self.both_ways("&rx_loss=0.03", "engine.out_of_order", size=2 * SIZE)

    def test_reordering(self) -> None:
        self.both_ways("&reorder=0.2&delay_us=200&jitter_us=100", "engine.out_of_order")

    def test_duplication(self) -> None:
        self.both_ways("&dup=0.2", "engine.dup_segs_in")

    def test_corruption(self) -> None:
        self.both_ways("&corrupt=0.05", "engine.retrans_segs", "engine.rx_bad_fcs",
                       size=2 * SIZE)

    def test_all_at_once(self) -> None:
        self.both_ways("&loss=0.02&reorder=0.05&dup=0.25&corrupt=0.02&delay_us=100&jitter_us=50",
                       "engine.retrans_segs", "engine.out_of_order", "engine.dup_segs_in",
                       size=2 * SIZE)


class BottleneckTest(Rig):
    def test_a_bottleneck(self) -> None:
        # The board's own sending overflows the queue; the kernel's does not.
        self.both_ways("&tx_rate_mbps=10&tx_queue=4&rx_rate_mbps=20&rx_queue=64&delay_us=1000",
                       "engine.retrans_segs")

    def test_connections_that_open_and_close_under_loss(self) -> None:
        self.echo_server("--rto-initial", "100ms", "--time-wait", "100ms", url="&loss=0.1")
        for i in range(20):
            data = random_bytes(3000, i)
            peer = self.connect(ECHO)
            self.assert_same(echo(peer, data), data)
            peer.close()


class BoardConnectsOverABadWireTest(support.SystemTest):
    def test_both_directions(self) -> None:
        listener = self.kernel_listener()
        size = 2 * SIZE
        board = self.bulk_client(listener.getsockname()[1], "--send", str(size), "--expect",
                                 str(size), "--rto-initial", "200ms",
                                 url="&loss=0.02&reorder=0.05&dup=0.05&corrupt=0.01")
        peer = self.accept(listener)
        with support.sending(peer, pattern(size)):
            self.assert_same(read_to_end(peer), pattern(size))
        peer.close()
        self.assertEqual(board.wait(), 0, board.log())
        self.assertGreater(board.counters()["engine.retrans_segs"], 0)
