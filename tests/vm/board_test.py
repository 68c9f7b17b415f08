"""The virtual board in a guest: the Debian kernel's vfio-pci has it, programs in the guest use it, and their
TCP comes out of the board's TAP device on the host, where the kernel is the peer."""

import json
import threading

from guest import Guest, VfioUser, support
from support import BOARD, BULK, DEADLINE, ECHO, PREFIX, RTO_MIN, echo, pattern, random_bytes
from support import read_exactly, read_to_end

CARD = "0000:00:05.0"
SLOW = 4 * DEADLINE  # for what a guest under emulation does


class BoardInGuest(VfioUser, support.SystemTest):
    def boot(self) -> Guest:
        self.start_card(f"?variant=fast&tap={self.tap}&capture={self.directory}/card.pcapng")
        device = {"driver": "vfio-user-pci", "addr": "5",
                  "socket": {"type": "unix", "path": str(self.socket_path)}}
        guest = Guest(self, "qemu11",
                      ["-object memory-backend-memfd,id=ram,size=256M,share=on",
                       f"-device {json.dumps(device)}"],
                      programs=("tautline", "guest_echo_server", "guest_bulk"),
                      iommu="intremap=on,caching-mode=on", machine="q35,memory-backend=ram")
        guest.check(f"tautline bind {CARD}")
        return guest

    def program(self, name: str, *arguments: str) -> str:
        # Small rings: every page of them is mapped for itself.
        return (f"guest_{name} --device pci:{CARD} --address {BOARD}/{PREFIX} --rto-min {RTO_MIN} "
                f"--receive-ring 13 {' '.join(arguments)}")


class BoardTest(BoardInGuest):
    def test_echo(self) -> None:
        guest = self.boot()
        info = guest.check(f"tautline info pci:{CARD}", SLOW)
        self.assertIn("flows 256", info)
        guest.start(self.program("echo_server"))
        guest.wait_for("echo on port", SLOW)
        for salt, size in enumerate((1, 40, 1000, 100_000)):
            data = random_bytes(size, salt)
            self.assert_same(echo(self.connect(ECHO), data), data)
        guest.check("kill -TERM $!; wait $!", SLOW)

    def test_bulk_both_ways(self) -> None:
        guest = self.boot()
        guest.start(self.program("bulk", "--send 700001 --expect 600003 --stats"))
        guest.wait_for("waiting on port", SLOW)
        peer = self.connect(BULK)
        peer.settimeout(SLOW)
        with support.sending(peer, pattern(600_003)):
            self.assert_same(read_to_end(peer), pattern(700_001))
        peer.close()
        guest.check("wait $!", SLOW)

    def test_small_messages_go_through_the_push_window(self) -> None:
        guest = self.boot()
        guest.start(self.program("bulk", "--send 40 --count 5"))
        guest.wait_for("waiting on port", SLOW)
        for _ in range(5):
            peer = self.connect(BULK)
            peer.shutdown(support.socket.SHUT_WR)
            self.assert_same(read_to_end(peer), pattern(40))
            peer.close()
        guest.check("wait $!", SLOW)
        guest.end()
        self.card.wait_for_log("has gone")
        self.assertGreaterEqual(self.card.stop()["board.mmio_lines"], 5)

    def test_a_program_killed_in_mid_transfer_is_followed_by_the_next(self) -> None:
        guest = self.boot()
        guest.start(self.program("bulk", f"--send {1 << 30} --expect {1 << 30}"))
        guest.wait_for("waiting on port", SLOW)
        peer = self.connect(BULK)
        peer.settimeout(SLOW)

        def feed() -> None:
            try:
                while True:
                    peer.send(pattern(1 << 16))
            except OSError:
                pass

        feeder = threading.Thread(target=feed)
        feeder.start()
        self.assert_same(read_exactly(peer, 100_000), pattern(100_000))
        guest.run("kill -KILL $!; wait $!", SLOW)
        peer.shutdown(support.socket.SHUT_RDWR)
        feeder.join(SLOW)
        guest.start(self.program("echo_server"))
        guest.wait_for("echo on port", SLOW)
        data = random_bytes(20_000)
        self.assert_same(echo(self.connect(ECHO), data), data)
        guest.check("kill -TERM $!; wait $!", SLOW)

    def test_a_card_that_is_removed_ends_the_program_with_its_reason(self) -> None:
        guest = self.boot()
        guest.start(self.program("echo_server"))
        guest.wait_for("echo on port", SLOW)
        data = random_bytes(1000)
        self.assert_same(echo(self.connect(ECHO), data), data)
        # The kernel asks the program to let go and waits until it has.
        guest.say(f"server=$!; echo 1 > /sys/bus/pci/devices/{CARD}/remove & wait $server")
        guest.wait_for("No such device", SLOW)
        status, _ = guest.run(f"wait; test ! -e /sys/bus/pci/devices/{CARD}", SLOW)
        self.assertEqual(status, 0)

    def test_the_board_goes_back_to_no_driver(self) -> None:
        guest = self.boot()
        self.assertIn("bound to no driver", guest.check(f"tautline unbind {CARD}"))
        guest.check(f"tautline bind {CARD}")
        self.assertIn("register_map", guest.check(f"tautline info pci:{CARD}", SLOW))
