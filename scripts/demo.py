"""The part of scripts/demo that runs inside the network namespace."""

import argparse
import hashlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

TAP, KERNEL, BOARD = "tautline0", "10.77.0.1", "10.77.0.2"
CLOCK_HZ = 156.25e6
SCRIPTS = pathlib.Path(__file__).resolve().parent
PARALLEL, SMALL_FILE, ECHO_BYTES = 64, 64 << 10, 64 << 10
TIMEOUT = 300


class Failure(Exception):
    pass


def run(*command: str, stdin: bytes | None = None, timeout: float = TIMEOUT) -> bytes:
    result = subprocess.run(command, input=stdin, capture_output=True, timeout=timeout, check=False)
    if result.returncode != 0:
        raise Failure(f"{' '.join(command)}: status {result.returncode}\n{result.stderr.decode()}")
    return result.stdout


def sha256(path: pathlib.Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def same(what: str, a: pathlib.Path, b: pathlib.Path) -> None:
    if sha256(a) != sha256(b):
        raise Failure(f"{what}: SHA-256 of {a} and {b} differ")


class Server:
    """http_server on the simulated board, and its counters."""

    def __init__(self, build: pathlib.Path, directory: pathlib.Path, name: str, options: str):
        out = build / "demo"
        self.capture = out / f"{name}.pcapng"
        self.log, self.stats = out / f"{name}.log", out / f"{name}.stats"
        run("ip", "tuntap", "add", "dev", TAP, "mode", "tap")
        run("ip", "address", "add", f"{KERNEL}/24", "dev", TAP)
        run("ip", "link", "set", TAP, "up")
        url = f"sim:?variant=fast&tap={TAP}&capture={self.capture}{options}"
        self.process = subprocess.Popen(
            [str(build / "bin/http_server"), "--device", url, "--address", f"{BOARD}/24", "--port",
             "80", "--echo-port", "7", "--directory", str(directory), "--rto-min", "200ms",
             "--time-wait", "1s", "--stats"],
            stdout=open(self.stats, "wb"), stderr=open(self.log, "wb"))
        limit = time.monotonic() + 30
        while "serving" not in self.log.read_text():
            if self.process.poll() is not None or time.monotonic() > limit:
                raise Failure(f"the server did not start:\n{self.log.read_text()}")
            time.sleep(0.02)

    def snapshot(self) -> dict[str, float]:
        """The server's counters now."""
        before = self.stats.read_text().count("device.time_us")
        self.process.send_signal(signal.SIGUSR1)
        limit = time.monotonic() + 10
        while (text := self.stats.read_text()).count("device.time_us") == before:
            if self.process.poll() is not None or time.monotonic() > limit:
                raise Failure(f"the server does not answer:\n{self.log.read_text()}")
            time.sleep(0.01)
        values = {}
        for line in text.splitlines():  # later lines replace earlier ones
            name, _, value = line.partition(" ")
            if name == "board.violation":
                raise Failure(f"the device broke a bus protocol: {value}")
            values[name] = float(value)
        return values

    def stop(self) -> None:
        """Ends the server as an operator would, and takes the interface away."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        subprocess.run(["ip", "link", "delete", TAP], check=False, capture_output=True)
        if self.process.returncode != 0:
            raise Failure(f"the server ended with {self.process.returncode}:\n"
                          f"{self.log.read_text()[-4000:]}")


class Table:
    """What each step moved, how long it took on the wall and in the board's own cycles."""

    HEAD = ("step", "bytes", "wall s", "wall Mbit/s", "line Mbit/s", "retransmitted", "result")

    def __init__(self) -> None:
        self.rows: list[tuple[str, ...]] = []

    def step(self, server: Server, name: str, size: int, action) -> object:
        before = server.snapshot()
        start = time.monotonic()
        try:
            answer = action()
        except (Failure, subprocess.TimeoutExpired):
            self.rows.append((name, f"{size:,}", f"{time.monotonic() - start:.2f}", "", "", "",
                              "FAILED"))
            raise
        wall = time.monotonic() - start
        after = server.snapshot()

        def grown(counter: str) -> float:
            return after.get(counter, 0) - before.get(counter, 0)

        line = grown("board.executed_cycles") / CLOCK_HZ
        self.rows.append((name, f"{size:,}" if size else "", f"{wall:.2f}",
                          f"{size * 8 / wall / 1e6:,.1f}" if size else "",
                          f"{size * 8 / line / 1e6:,.0f}" if size and line else "",
                          f"{grown('edge.retransmissions_out'):.0f}", "ok"))
        print(f"  {name}: ok, {wall:.2f} s", flush=True)
        return answer

    def print(self) -> None:
        rows = [self.HEAD, *self.rows]
        widths = [max(len(row[i]) for row in rows) for i in range(len(self.HEAD))]
        for number, row in enumerate(rows):
            cells = [row[0].ljust(widths[0])]
            cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
            print("  ".join(cells))
            if number == 0:
                print("  ".join("-" * width for width in widths))


def curl(*arguments: str) -> bytes:
    return run("curl", "--silent", "--show-error", "--fail", "--max-time", str(TIMEOUT), *arguments)


def url(name: str) -> str:
    return f"http://{BOARD}/{name}"


def ping() -> str:
    text = run("ping", "-n", "-c", "10", "-i", "0.1", "-W", "2", BOARD).decode()
    if not re.search(r"10 received", text):
        raise Failure(text)
    return text.strip().splitlines()[-1]


def download(served: pathlib.Path, taken: pathlib.Path) -> None:
    curl("--output", str(taken), url(served.name))
    same("download", served, taken)


def upload(source: pathlib.Path, served: pathlib.Path) -> None:
    curl("--upload-file", str(source), url(served.name))
    same("upload", source, served)


def parallel(files: list[pathlib.Path], taken: pathlib.Path) -> None:
    clients = [subprocess.Popen(
        ["curl", "--silent", "--show-error", "--fail", "--max-time", str(TIMEOUT), "--output",
         str(taken / file.name), url(file.name)]) for file in files]
    try:
        for client in clients:
            if client.wait(TIMEOUT) != 0:
                raise Failure(f"one of {len(clients)} curls ended with {client.returncode}")
    finally:
        for client in clients:
            if client.poll() is None:
                client.kill()
    for file in files:
        same("parallel download", file, taken / file.name)


def echo(text: bytes) -> None:
    # -N: a FIN after the last byte; the echo of it ends nc.
    if run("nc", "-N", BOARD, "7", stdin=text) != text:
        raise Failure("echo: other bytes came back")


def print_latencies(values: dict[str, float]) -> None:
    names = (("ping", "echo request in -> echo reply out"),
             ("syn_to_synack", "SYN in -> SYN-ACK out"),
             ("data_to_ack", "data in -> its ACK out"),
             ("third_dupack_to_retransmission", "third duplicate ACK in -> retransmission out"))
    print("\nLatency at the board's edge, last word in to first word out, in cycles of 6.4 ns")
    print(f"{'':46}{'count':>9}{'least':>9}{'median':>9}")
    for name, text in names:
        if f"cycles.{name}.count" in values:
            count, least, median = (values[f"cycles.{name}.{k}"] for k in ("count", "least", "median"))
            print(f"{text:46}{count:9,.0f}{least:9,.0f}{median:9,.0f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--size", type=int, default=16)
    parser.add_argument("--loss", type=float, default=0.01)
    parser.add_argument("--keep", action="store_true")
    args = parser.parse_args()
    out = args.build.resolve() / "demo"
    shutil.rmtree(out, ignore_errors=True)
    served, taken = out / "served", out / "taken"
    served.mkdir(parents=True)
    taken.mkdir()
    size = args.size << 20
    (served / "large").write_bytes(os.urandom(size))
    (taken / "to-upload").write_bytes(os.urandom(size))
    small = [served / f"small-{i}" for i in range(PARALLEL)]
    for file in small:
        file.write_bytes(os.urandom(SMALL_FILE))

    table, clean, lossy = Table(), {}, {}
    status, server = 0, None
    try:
        server = Server(args.build, served, "clean", "")
        round_trip = table.step(server, "ping, 10 times", 0, ping)
        table.step(server, "curl download", size, lambda: download(served / "large", taken / "large"))
        table.step(server, "curl upload", size,
                   lambda: upload(taken / "to-upload", served / "uploaded"))
        table.step(server, "curl download of the upload", size,
                   lambda: download(served / "uploaded", taken / "uploaded"))
        table.step(server, f"{PARALLEL} curls at once", PARALLEL * SMALL_FILE,
                   lambda: parallel(small, taken))
        table.step(server, "echo over nc", ECHO_BYTES, lambda: echo(os.urandom(ECHO_BYTES)))
        clean = server.snapshot()
        server.stop()
        server = Server(args.build, served, "lossy", f"&loss={args.loss}&seed=1")
        table.step(server, f"curl download, {args.loss:.0%} loss", size,
                   lambda: download(served / "large", taken / "lossy"))
        lossy = server.snapshot()
        server.stop()
        server = None
        print(f"  {round_trip}")
    except (Failure, subprocess.TimeoutExpired) as failure:
        print(f"FAILED: {failure}", file=sys.stderr)
        status = 1
    finally:
        if server is not None:
            try:
                server.stop()
            except Failure as failure:
                print(f"FAILED: {failure}", file=sys.stderr)
                status = 1

    print()
    table.print()
    if clean:
        values = clean | {k: v for k, v in lossy.items() if "third_dupack" in k}
        print_latencies(values)
        rate = clean["board.executed_cycles"] / max(clean["board.run_seconds"], 1e-9)
        print(f"\nSimulation: {rate / 1e6:.2f} million cycles a second while it ran")
    capture = out / "lossy.pcapng"
    if lossy and capture.exists():
        run(sys.executable, "-B", str(SCRIPTS / "time_sequence.py"), str(capture),
            str(out / "lossy.svg"), "--from-port", "80")
        print(f"Captures and graph: {os.path.relpath(out)}/clean.pcapng, lossy.pcapng, "
              "lossy.svg")
    if not args.keep and status == 0:
        shutil.rmtree(served)
        shutil.rmtree(taken)
    return status


if __name__ == "__main__":
    sys.exit(main())
