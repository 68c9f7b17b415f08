"""A TAP device, the example programs on a simulated board behind it, and the kernel's own view.

Every test runs in a network namespace of its own (scripts/netns) and finds the programs under
TAUTLINE_BUILD. A test that fails leaves its captures and logs in TAUTLINE_BUILD/tests/system/.
"""

import contextlib
import functools
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest
from collections.abc import Callable, Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TAUTLINE_BUILD", ROOT / "build")).resolve()
SEED = int(os.environ.get("TAUTLINE_SEED", "1"))
sys.path.insert(0, str(ROOT / "scripts"))
sys.dont_write_bytecode = True

import pcapng  # noqa: E402

KERNEL, BOARD, PREFIX = "10.77.0.1", "10.77.0.2", 24
NOBODY = "10.77.0.99"  # on the link, but no one answers for it
ECHO, HTTP, BULK = 7, 80, 5001
RTO_MIN = "100ms"  # of both: short for loss, longer than a delayed acknowledgement
DEADLINE = 30.0  # for anything that must happen at all

socket.setdefaulttimeout(DEADLINE)


def run(*command: str, check: bool = True) -> str:
    result = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)
    if check and result.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: status {result.returncode}\n{result.stderr}")
    return result.stdout


def eventually(what: str, condition: Callable[[], object], limit: float = DEADLINE) -> object:
    """The first true value of `condition`."""
    end = time.monotonic() + limit
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {limit} s: {what}")
        time.sleep(0.01)
    return value


# ------------------------------------------------------------------------------------------ bytes


def random_bytes(size: int, salt: int = 0) -> bytes:
    return random.Random(SEED * 1_000_003 + salt).randbytes(size)


@functools.cache
def pattern(size: int, seed: int = 1) -> bytes:
    """What `bulk` sends and expects: SplitMix64 of each 8-byte word's number."""
    mask = 2**64 - 1
    words = []
    z = seed
    for _ in range((size + 7) // 8):
        z = (z + 0x9E3779B97F4A7C15) & mask
        x = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & mask
        words.append(x ^ (x >> 31))
    return struct.pack(f"<{len(words)}Q", *words)[:size]


def read_to_end(peer: socket.socket, pause: Callable[[int], None] | None = None) -> bytes:
    """All bytes up to the FIN. `pause` is told how many have come, before each read."""
    parts, size = [], 0
    while True:
        if pause is not None:
            pause(size)
        part = peer.recv(1 << 16)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)


def read_exactly(peer: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = peer.recv(size - len(data))
        if not part:
            raise AssertionError(f"the end after {len(data)} of {size} bytes")
        data += part
    return data


@contextlib.contextmanager
def sending(peer: socket.socket, data: bytes, end: bool = True) -> Iterator[None]:
    """Sends from another thread while the body reads; with `end`, a FIN follows the data."""
    failure: list[BaseException] = []

    def send() -> None:
        try:
            peer.sendall(data)
            if end:
                peer.shutdown(socket.SHUT_WR)
        except OSError as error:
            failure.append(error)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        thread.join(DEADLINE + 5)
    if failure:
        raise failure[0]
    if thread.is_alive():
        raise AssertionError("the kernel did not take the bytes to send")


def echo(peer: socket.socket, data: bytes) -> bytes:
    """Sends all, half-closes, and returns what comes back."""
    with sending(peer, data):
        return read_to_end(peer)


def reset_on_close(peer: socket.socket) -> None:
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


# ---------------------------------------------------------------------------------------- programs


class Process:
    """A program that a test began. It counts, and its log is kept on failure."""

    def __init__(self, test: "SystemTest", name: str, *arguments: str, ready: str = ""):
        self.name = name
        self.log_path = test.directory / f"{len(test.programs)}-{name}.log"
        command = [*test.command(name), *arguments]
        self._out: list[str] = []
        self._log: list[str] = []
        self._changed = threading.Condition()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        stdin=subprocess.DEVNULL, text=True)
        test.programs.append(self)
        self._readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self._out, None)),
            threading.Thread(target=self._read, args=(self.process.stderr, self._log,
                                                      self.log_path))]
        for reader in self._readers:
            reader.start()
        if ready:
            self.wait_for_log(ready)

    def _read(self, stream, lines: list[str], path: pathlib.Path | None) -> None:
        with stream, open(path or os.devnull, "w", encoding="utf-8") as copy:
            for line in stream:
                copy.write(line)
                copy.flush()
                with self._changed:
                    lines.append(line)
                    self._changed.notify_all()
        with self._changed:
            lines.append("")  # the end
            self._changed.notify_all()

    def _wait(self, lines: list[str], done: Callable[[], object], what: str,
              limit: float = DEADLINE) -> object:
        with self._changed:
            self._changed.wait_for(lambda: done() or lines[-1:] == [""], limit)
            if not (value := done()):
                raise AssertionError(f"{self.name}: no {what}\n{self.log()}")
            return value

    def log(self) -> str:
        return "".join(self._log)

    def wait_for_log(self, text: str, limit: float = DEADLINE) -> None:
        self._wait(self._log, lambda: re.search(text, self.log()), f"'{text}' in the log", limit)

    def _parse(self) -> dict[str, float]:
        values: dict[str, float] = {}
        for line in self._out:  # later lines replace earlier ones
            name, _, value = line.partition(" ")
            if name == "board.violation":
                raise AssertionError(f"the device broke a bus protocol: {value}")
            if "." in name:
                values[name] = float(value)
        return values

    def counters(self) -> dict[str, float]:
        """The counters now (a server) or at the end. Those that are zero are not told."""
        if self.process.poll() is None:
            reports = "".join(self._out).count("device.time_us")
            self.process.send_signal(signal.SIGUSR1)
            self._wait(self._out, lambda: "".join(self._out).count("device.time_us") > reports,
                       "counters")
        return self._parse()

    def counter(self, name: str) -> float:
        return self.counters().get(name, 0)

    def wait(self, limit: float = DEADLINE) -> int:
        """The exit status, when the program has ended by itself."""
        status = self.process.wait(limit)
        for reader in self._readers:
            reader.join(DEADLINE)
        if status < 0:
            raise AssertionError(f"{self.name} ended by signal {-status}\n{self.log()}")
        return status

    def stop(self) -> dict[str, float]:
        """Ends it as an operator would, and returns its last counters."""
        self.process.terminate()
        status = self.wait()
        if status != 0:
            raise AssertionError(f"{self.name} ended with {status}\n{self.log()}")
        return self._parse()

    def kill(self) -> None:
        """Ends it without a goodbye."""
        self.process.kill()
        self.process.wait(DEADLINE)
        for reader in self._readers:
            reader.join(DEADLINE)


class Program(Process):
    """One of the example programs on a device of its test."""

    def __init__(self, test: "SystemTest", name: str, *arguments: str, url: str = "",
                 ready: str = "is up at", variant: str = "assert"):
        self.capture = test.directory / f"{len(test.programs)}-{name}.pcapng"
        self._finish_capture = test.finish_capture
        query = f"?variant={variant}&tap={test.tap}&capture={self.capture}&seed={SEED}{url}"
        super().__init__(test, name, "--device", test.device(query), "--address",
                         f"{BOARD}/{PREFIX}", "--stats", "--verbose", *arguments, ready=ready)

    def segments(self) -> list[pcapng.Segment]:
        self._finish_capture()
        return list(pcapng.segments(str(self.capture)))


class SystemTest(unittest.TestCase):
    """Gives each test a TAP device of its own and ends what the test began."""

    tap = "tautline0"
    mtu = 1500

    def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
        result = result if result is not None else self.defaultTestResult()
        self.directory = BUILD / "tests" / "system" / self.id()
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        failures = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > failures:
            print(f"captures and logs in {self.directory}; again: TAUTLINE_SEED={SEED} "
                  f"TAUTLINE_BUILD={BUILD} ../../scripts/netns python3 -B -m unittest {self.id()} "
                  "(in tests/system)", file=sys.stderr)
        else:
            shutil.rmtree(self.directory)
        return result

    def setUp(self) -> None:
        self.programs: list[Program] = []
        for setting in ("all", "default"):  # no router solicitations among the frames
            with contextlib.suppress(OSError):
                pathlib.Path(f"/proc/sys/net/ipv6/conf/{setting}/disable_ipv6").write_text("1")
        with contextlib.suppress(OSError):
            pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control").write_text("cubic")
        run("ip", "tuntap", "add", "dev", self.tap, "mode", "tap")
        self.addCleanup(run, "ip", "link", "delete", self.tap)
        run("ip", "address", "add", f"{KERNEL}/{PREFIX}", "dev", self.tap)
        run("ip", "link", "set", self.tap, "mtu", str(self.mtu), "up")
        self.set_route()
        self.addCleanup(self._end_programs)

    def _end_programs(self) -> None:
        for program in reversed(self.programs):  # the last are clients of the first
            program.process.terminate()  # its capture is then complete
            with contextlib.suppress(subprocess.TimeoutExpired):
                program.process.wait(DEADLINE)
            program.kill()
            program.counters()  # a violation in a program that was not stopped is one too

    def set_route(self, *attributes: str) -> None:
        run("ip", "route", "replace", f"10.77.0.0/{PREFIX}", "dev", self.tap, "src", KERNEL,
            "rto_min", RTO_MIN, *attributes)

    def command(self, name: str) -> list[str]:
        """How a program of ours is begun."""
        return [str(BUILD / "bin" / name)]

    def device(self, query: str) -> str:
        """The URL of a board with these options: one in the program itself. Other links say more."""
        return f"sim:{query}"

    def finish_capture(self) -> None:
        """Makes the capture complete. A program that has ended has written its own."""

    # The programs.

    def echo_server(self, *arguments: str, **kind) -> Program:
        return Program(self, "echo_server", "--rto-min", RTO_MIN, *arguments,
                       ready="echo on port", **kind)

    def http_server(self, directory: pathlib.Path, *arguments: str, **kind) -> Program:
        return Program(self, "http_server", "--rto-min", RTO_MIN, "--echo-port", str(ECHO),
                       "--directory", str(directory), *arguments, ready="serving", **kind)

    def bulk_server(self, *arguments: str, **kind) -> Program:
        return Program(self, "bulk", "--rto-min", RTO_MIN, *arguments, ready="waiting on port",
                       **kind)

    def bulk_client(self, port: int, *arguments: str, host: str = KERNEL, **kind) -> Program:
        return Program(self, "bulk", "--rto-min", RTO_MIN, "--connect", f"{host}:{port}", *arguments,
                       **kind)

    # Sockets of the kernel, closed at the end.

    def connect(self, port: int, prepare: Callable[[socket.socket], None] | None = None,
                host: str = BOARD) -> socket.socket:
        peer = socket.socket()
        self.addCleanup(peer.close)
        if prepare is not None:
            prepare(peer)
        peer.connect((host, port))
        return peer

    def kernel_listener(self, prepare: Callable[[socket.socket], None] | None = None
                        ) -> socket.socket:
        listener = socket.socket()
        self.addCleanup(listener.close)
        if prepare is not None:
            prepare(listener)
        listener.bind((KERNEL, 0))
        listener.listen()
        return listener

    def accept(self, listener: socket.socket) -> socket.socket:
        peer, _ = listener.accept()
        peer.settimeout(DEADLINE)
        self.addCleanup(peer.close)
        return peer

    def assert_same(self, got: bytes, wanted: bytes) -> None:
        if got == wanted:
            return
        at = next((i for i, (a, b) in enumerate(zip(got, wanted)) if a != b),
                  min(len(got), len(wanted)))
        self.fail(f"{len(got)} bytes came, {len(wanted)} were wanted; byte {at} is the first wrong")


def kernel_info(peer: socket.socket) -> str:
    """What `ss -ti` says of a connection."""
    host, port = peer.getsockname()
    return run("ss", "-tinH", "-o", "src", f"{host}:{port}")
