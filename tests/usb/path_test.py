"""The whole path of a USB board: the kernel's TCP, a TAP device, the Verilated design, a model of FTDI's
chip, usbfs by umockdev, an unmodified libusb, the library, the example programs."""

import http.client
import pathlib
import re
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))

import support  # noqa: E402
from support import BOARD, BUILD, ECHO, HTTP, pattern, random_bytes, read_to_end  # noqa: E402


class UsbRig(support.SystemTest):
    chip: list[str] = []
    url = "usb:0403:6010"

    def device(self, query: str) -> str:
        self.query = query.removeprefix("?").replace("variant=assert", "variant=fast")
        return self.url

    def command(self, name: str) -> list[str]:
        """Under umockdev and on the board of the last `device`; the program has no board of its own."""
        tap = re.search(r"tap=(\w+)", self.query)[1]
        board = self.query.replace(f"tap={tap}&", "")
        return ["umockdev-wrapper", str(BUILD / "bin" / "tautline-usb-board"), "--tap", tap,
                "--board", board, *self.chip, "--", str(BUILD / "bin" / f"usb_{name}"),
                "--receive-ring", "13"]

    def bulk(self, size: int) -> None:
        board = self.bulk_server("--send", str(size), "--expect", str(size))
        peer = self.connect(support.BULK)
        with support.sending(peer, pattern(size)):
            self.assert_same(read_to_end(peer), pattern(size))
        self.assertEqual(board.wait(), 0)


class EchoTest(UsbRig):
    def test_small_messages_and_a_large_one_come_back(self) -> None:
        board = self.echo_server()
        peer = self.connect(ECHO)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for size in (1, 2, 7, 64, 100, 1460, 1461):
            data = random_bytes(size, size)
            peer.sendall(data)
            self.assert_same(support.read_exactly(peer, size), data)
        data = random_bytes(100_000)
        self.assert_same(support.echo(peer, data), data)
        counters = board.stop()
        self.assertNotIn("engine.link_bad_frame", counters)
        self.assertNotIn("engine.doorbell_bad", counters)

    def test_several_connections_at_once(self) -> None:
        self.echo_server()
        peers = [self.connect(ECHO) for _ in range(6)]
        for i, peer in enumerate(peers):
            peer.sendall(random_bytes(3000, i))
        for i, peer in enumerate(peers):
            self.assert_same(support.read_exactly(peer, 3000), random_bytes(3000, i))


class BulkTest(UsbRig):
    def test_bulk_both_ways(self) -> None:
        self.bulk(150_000)


class FifoTest(UsbRig):
    chip = ["--fifo"]
    url = "usb:0403:6010?mode=fifo"

    def test_bulk_through_the_fifo(self) -> None:
        self.bulk(50_000)


class FullSpeedTest(UsbRig):
    chip = ["--full-speed"]

    def test_bulk_in_packets_of_64_bytes(self) -> None:
        self.bulk(20_000)


class HttpTest(UsbRig):
    def test_files_are_served_and_stored(self) -> None:
        served = self.directory / "served"
        served.mkdir()
        data = random_bytes(100_000)
        (served / "data").write_bytes(data)
        board = self.http_server(served)
        client = http.client.HTTPConnection(BOARD, HTTP)
        self.addCleanup(client.close)
        for _ in range(3):
            client.request("GET", "/data")
            response = client.getresponse()
            self.assertEqual(response.status, 200)
            self.assert_same(response.read(), data)
        client.request("PUT", "/new", data[:50_000])
        response = client.getresponse()
        response.read()
        self.assertEqual(response.status, 201)
        self.assertEqual((served / "new").read_bytes(), data[:50_000])
        client.close()
        self.assertEqual(board.stop()["server.requests"], 4)


class NoBoardTest(UsbRig):
    def refused(self, url: str) -> str:
        self.url = url
        board = support.Program(self, "echo_server", ready="")
        self.assertNotEqual(board.wait(), 0)
        return board.log()

    def test_another_board_is_refused_with_the_reason(self) -> None:
        self.assertIn("no such USB device", self.refused("usb:0403:6014"))
        self.assertIn("no such USB device", self.refused("usb:0403:6010:OTHER"))
        self.assertIn("HELLO", self.refused("usb:0403:6010?baud=3000000"))
        self.assertIn("usb:VID:PID", self.refused("usb:board"))
