"""What the other process costs: the same exchange over `vfio-user:` and over `sim:`, one after the other, more than
once. It prints and judges nothing: times are those of the machine and of what else it does."""

import statistics
import time

from vfio_user import VfioUser

import support
from support import BULK, ECHO, pattern, random_bytes, read_exactly, read_to_end

ROUNDS, MESSAGES, BULK_BYTES = 3, 100, 2 << 20


class RateTest(VfioUser, support.SystemTest):
    link = "sim"

    def device(self, query: str) -> str:
        if self.link == "sim":
            return support.SystemTest.device(self, query)
        return VfioUser.device(self, query)

    def round_trip(self) -> float:
        """Seconds of a 64-byte message and its echo, the median."""
        server = self.echo_server("--nodelay", variant="fast")
        peer = self.connect(ECHO)
        peer.setsockopt(support.socket.IPPROTO_TCP, support.socket.TCP_NODELAY, 1)
        times = []
        for i in range(MESSAGES):
            data = random_bytes(64, i)
            begin = time.perf_counter()
            peer.sendall(data)
            self.assert_same(read_exactly(peer, 64), data)
            times.append(time.perf_counter() - begin)
        peer.close()
        server.stop()
        return statistics.median(times)

    def goodput(self) -> float:
        """Bytes a second, both directions together."""
        server = self.bulk_server("--send", str(BULK_BYTES), "--expect", str(BULK_BYTES),
                                  variant="fast")
        peer = self.connect(BULK)
        begin = time.perf_counter()
        with support.sending(peer, pattern(BULK_BYTES)):
            self.assert_same(read_to_end(peer), pattern(BULK_BYTES))
        seconds = time.perf_counter() - begin
        peer.close()
        self.assertEqual(server.wait(), 0, server.log())
        return 2 * BULK_BYTES / seconds

    def test_the_ratio_to_the_board_in_the_process(self) -> None:
        pattern(BULK_BYTES)  # computed once, outside of the times
        trips: dict[str, list[float]] = {"sim": [], "vfio-user": []}
        rates: dict[str, list[float]] = {"sim": [], "vfio-user": []}
        for _ in range(ROUNDS):
            for self.link in trips:
                trips[self.link].append(self.round_trip())
                rates[self.link].append(self.goodput())
                if self.card is not None:
                    self.card.stop()  # it has the TAP device
                    self.card = None
        trip = {link: min(values) * 1e6 for link, values in trips.items()}
        rate = {link: max(values) * 8e-6 for link, values in rates.items()}
        print(f"\n64-byte round trip: sim {trip['sim']:.0f} us, vfio-user {trip['vfio-user']:.0f} us, "
              f"ratio {trip['vfio-user'] / trip['sim']:.2f}\n"
              f"bulk goodput: sim {rate['sim']:.1f} Mbit/s, vfio-user {rate['vfio-user']:.1f} "
              f"Mbit/s, ratio {rate['vfio-user'] / rate['sim']:.2f}", flush=True)
