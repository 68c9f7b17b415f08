"""What a run leaves behind: records that replay exactly, captures that others can read."""

import shutil
import subprocess
import unittest

import support
from support import BUILD, ECHO, DEADLINE, echo, random_bytes


class RecordTest(support.SystemTest):
    def recorded(self, wire: str) -> None:
        record = self.directory / "run.record"
        board = self.echo_server(url=f"{wire}&record={record}")
        for i in range(4):
            data = random_bytes(30_000, i)
            self.assert_same(echo(self.connect(ECHO), data), data)
        support.run("ping", "-n", "-q", "-c", "2", "-i", "0.01", "-W", "1", support.BOARD,
                    check=False)
        frames = board.stop()["board.frames_out"]
        for variant in ("assert", "fast"):
            result = subprocess.run(
                [str(BUILD / "bin/tautline-replay"), str(record), "--variant", variant],
                capture_output=True, text=True, timeout=DEADLINE * 2, check=False)
            self.assertEqual(result.returncode, 0, f"{variant}: {result.stdout}{result.stderr}")
            outputs = int(result.stdout.split("inputs, ")[1].split()[0])
            self.assertGreaterEqual(outputs, frames)

    def test_a_run_replays_exactly(self) -> None:
        self.recorded("")

    def test_a_run_over_a_bad_wire_replays_exactly(self) -> None:
        self.recorded("&loss=0.03&reorder=0.05&dup=0.05&corrupt=0.01")


class CaptureTest(support.SystemTest):
    @unittest.skipUnless(shutil.which("tshark"), "tshark is not installed")
    def test_tshark_reads_the_capture_and_finds_no_fault(self) -> None:
        board = self.echo_server()
        data = random_bytes(200_000)
        self.assert_same(echo(self.connect(ECHO), data), data)
        with self.assertRaises(ConnectionRefusedError):
            self.connect(ECHO + 1)
        support.run("ping", "-n", "-q", "-c", "2", "-i", "0.01", "-W", "1", support.BOARD)
        board.stop()

        def find(what: str) -> list[str]:
            return support.run("tshark", "-n", "-o", "ip.check_checksum:TRUE", "-o",
                               "tcp.check_checksum:TRUE", "-r", str(board.capture), "-Y",
                               what).splitlines()

        wrong = ("ip.checksum.status == 0 || tcp.checksum.status == 0 || _ws.malformed || "
                 "icmp.checksum.status == 0")
        self.assertEqual(find(f"ip.src == {support.BOARD} && ({wrong})"), [])
        self.assertEqual(find("tcp.analysis.lost_segment"), [])  # no gap in what was captured
        self.assertEqual(len(find(f"ip.src == {support.BOARD} && icmp.type == 0")), 2)
        self.assertGreater(len(find(f"ip.src == {support.BOARD} && tcp.len > 0")),
                           len(data) // 1460)
