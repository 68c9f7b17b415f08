"""The USB board in a guest: its xHCI and usbfs are the kernel's own, libusb is Debian's. The chip's model
is outside, behind QEMU's usb-redir; the engine's TCP comes out of the TAP device on the host."""

import http.client
import pathlib
import shutil
import tempfile

from guest import Guest, support
from support import BOARD, DEADLINE, HTTP, PREFIX, RTO_MIN, random_bytes

SLOW = 4 * DEADLINE  # for what a guest under emulation does
MODULES = ("xhci-pci",)


class UsbBoardTest(support.SystemTest):
    def boot(self) -> Guest:
        directory = pathlib.Path(tempfile.mkdtemp(prefix="tautline-"))  # a socket's name is short
        self.addCleanup(shutil.rmtree, directory, ignore_errors=True)
        socket = directory / "usb"
        board = support.Process(self, "tautline-usb-board", "--tap", self.tap, "--board",
                                f"variant=fast&capture={self.directory}/board.pcapng",
                                "--usbredir", str(socket), ready="listening")
        self.assertIsNone(board.process.poll())
        return Guest(self, "qemu7",
                     [f"-chardev socket,id=usb,path={socket}", "-device qemu-xhci",
                      "-device usb-redir,chardev=usb"],
                     programs=("usb_http_server",), modules=MODULES, iommu="", command_line="")

    def test_files_are_served_from_a_board_behind_usb(self) -> None:
        guest = self.boot()
        # The device comes when the kernel has asked for its descriptors.
        guest.check("until cat /sys/bus/usb/devices/*/idProduct 2>/dev/null | grep -q 6010; do "
                    "sleep 0.2; done", SLOW)
        guest.check("mkdir /tmp/served; dd if=/dev/urandom of=/tmp/served/data bs=1000 count=50")
        wanted = guest.check("sha256sum /tmp/served/data | cut -d' ' -f1").split()[-1]
        guest.start(f"usb_http_server --device usb:0403:6010 --address {BOARD}/{PREFIX} "
                    f"--rto-min {RTO_MIN} --receive-ring 13 --directory /tmp/served")
        guest.wait_for("serving", SLOW)
        client = http.client.HTTPConnection(BOARD, HTTP, timeout=SLOW)
        self.addCleanup(client.close)
        body = support.run("curl", "-sS", "--fail", "--max-time", "25", "-o",
                           str(self.directory / "got"), f"http://{BOARD}/data")
        self.assertEqual(body, "")
        got = support.run("sha256sum", str(self.directory / "got")).split()[0]
        self.assertEqual(got, wanted)
        data = random_bytes(20_000)
        client.request("PUT", "/new", data)
        response = client.getresponse()
        response.read()
        self.assertEqual(response.status, 201)
        client.request("GET", "/new")
        self.assert_same(client.getresponse().read(), data)
        guest.check("kill -TERM $!; wait $!", SLOW)
