#!/usr/bin/env python3
"""Draws the time-sequence graph of one TCP transfer in a capture, as tcptrace and xplot do.

Blue are the bytes sent, red those that were sent before, crosses those that the link lost, green is the
acknowledgement, amber the edge of the receiver's window. The second picture enlarges one recovery.
"""

import argparse
import bisect
import dataclasses
import math
import sys

import pcapng

PANEL_WIDTH, PANEL_HEIGHT = 1100, 420
LEFT, RIGHT, TOP, BOTTOM = 92, 24, 56, 58
STYLE = """
  text { font: 13px sans-serif; fill: #333 }
  .title { font-size: 16px; font-weight: bold }
  .tick { font-size: 12px }
  .grid { stroke: #e4e4e4 }
  .frame { stroke: #888; fill: none }
  path { fill: none }
  .sent { stroke: #1f5fbf; stroke-width: 1.6 }
  .again { stroke: #d11f1f; stroke-width: 3 }
  .lost { stroke: #111; stroke-width: 1.2 }
  .ack { stroke: #1a8f3c; stroke-width: 1.2 }
  .window { stroke: #d9930d; stroke-width: 1.2 }
  .zoom { stroke: #777; stroke-dasharray: 4 3; fill: #7772 }
"""


@dataclasses.dataclass
class Data:
    time: float
    first: int
    end: int
    again: bool
    lost: bool


@dataclasses.dataclass
class Transfer:
    source: tuple[str, int]
    destination: tuple[str, int]
    data: list[Data]
    acks: list[tuple[float, int]]
    edges: list[tuple[float, int]]

    @property
    def bytes(self) -> int:
        return max((d.end for d in self.data), default=0)

    @property
    def retransmissions(self) -> int:
        return sum(d.again for d in self.data)


def unwrap(value: int, near: int) -> int:
    """The position whose low 32 bits are `value`, nearest to `near`."""
    return near + ((value - near + 0x80000000) & 0xFFFFFFFF) - 0x80000000


def read_transfers(path: str) -> list[Transfer]:
    """Every direction of every connection that carries data, the start of the stream at 0."""
    flows: dict[tuple, list[pcapng.Segment]] = {}
    order = []
    for segment in pcapng.segments(path):
        key = (segment.source, segment.destination)
        if segment.flags & pcapng.SYN and not segment.flags & pcapng.ACK:
            # A new life of the same pair of ports.
            for pair in (key, key[::-1]):
                if pair in flows and any(s.flags & pcapng.FIN or s.length for s in flows[pair]):
                    order.append((pair, flows.pop(pair), flows.get(pair[::-1], [])))
        flows.setdefault(key, []).append(segment)
    for key, forward in flows.items():
        order.append((key, forward, flows.get(key[::-1], [])))

    transfers = []
    for key, forward, backward in order:
        if not any(s.length for s in forward):
            continue
        syn = next((s for s in forward if s.flags & pcapng.SYN), None)
        start = (syn.seq + 1 if syn else min(forward, key=lambda s: s.time).seq) & 0xFFFFFFFF
        peer_syn = next((s for s in backward if s.flags & pcapng.SYN), None)
        scaled = syn and peer_syn and syn.window_scale is not None
        scale = (peer_syn.window_scale or 0) if scaled else 0
        transfer = Transfer(key[0], key[1], [], [], [])
        highest = 0
        for s in sorted(forward, key=lambda s: s.time):
            if s.length <= 0:
                continue
            first = unwrap((s.seq - start) & 0xFFFFFFFF, highest)
            transfer.data.append(Data(s.time, first, first + s.length, first < highest, s.lost))
            highest = max(highest, first + s.length)
        acked = 0
        for s in sorted(backward, key=lambda s: s.time):
            if not s.flags & pcapng.ACK or s.flags & pcapng.RST or s.lost:
                continue
            acked = max(acked, min(unwrap((s.ack - start) & 0xFFFFFFFF, acked), highest))
            window = s.window << (0 if s.flags & pcapng.SYN else scale)
            transfer.acks.append((s.time, acked))
            transfer.edges.append((s.time, acked + window))
        transfers.append(transfer)
    return transfers


def ticks(low: float, high: float, count: int) -> list[float]:
    raw = (high - low) / count
    power = 10 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw)
    first = math.ceil(low / step)
    return [i * step for i in range(first, math.floor(high / step + 1e-9) + 1)]


def unit(span: float, units: list[tuple[float, str]]) -> tuple[float, str]:
    return next((u for u in units if span >= u[0]), units[-1])


class Panel:
    """One set of axes. Times in seconds from the transfer's start, sequence in bytes."""

    def __init__(self, y: int, t0: float, t1: float, s0: float, s1: float, title: str):
        self.y, self.t0, self.t1, self.s0, self.s1, self.title = y, t0, t1, s0, s1, title
        self.width = PANEL_WIDTH - LEFT - RIGHT
        self.height = PANEL_HEIGHT - TOP - BOTTOM

    def px(self, t: float) -> float:
        return round(LEFT + (t - self.t0) / (self.t1 - self.t0) * self.width, 1)

    def py(self, s: float) -> float:
        return round(self.y + TOP + (1 - (s - self.s0) / (self.s1 - self.s0)) * self.height, 1)

    def axes(self) -> list[str]:
        time_unit = unit(self.t1 - self.t0, [(1, "s"), (1e-3, "ms"), (1e-6, "µs")])
        byte_unit = unit(self.s1 - self.s0, [(1e6, "MB"), (1e3, "kB"), (1, "bytes")])
        bottom, right = self.y + TOP + self.height, LEFT + self.width
        out = [f'<text class="title" x="{LEFT}" y="{self.y + 24}">{self.title}</text>']
        for t in ticks(self.t0, self.t1, 10):
            x = self.px(t)
            out.append(f'<line class="grid" x1="{x}" x2="{x}" y1="{self.y + TOP}" y2="{bottom}"/>')
            out.append(f'<text class="tick" x="{x}" y="{bottom + 17}" text-anchor="middle">'
                       f'{t / time_unit[0]:g}</text>')
        for s in ticks(self.s0, self.s1, 6):
            y = self.py(s)
            out.append(f'<line class="grid" x1="{LEFT}" x2="{right}" y1="{y}" y2="{y}"/>')
            out.append(f'<text class="tick" x="{LEFT - 8}" y="{y + 4}" text-anchor="end">'
                       f'{s / byte_unit[0]:g}</text>')
        out.append(f'<text x="{LEFT + self.width / 2}" y="{bottom + 40}" text-anchor="middle">'
                   f'time ({time_unit[1]})</text>')
        middle = self.y + TOP + self.height / 2
        out.append(f'<text x="22" y="{middle}" text-anchor="middle" '
                   f'transform="rotate(-90 22 {middle})">sequence ({byte_unit[1]})</text>')
        out.append(f'<rect class="frame" x="{LEFT}" y="{self.y + TOP}" width="{self.width}" '
                   f'height="{self.height}"/>')
        return out

    def segments(self, data: list[Data], start: float, css: str) -> str:
        """Vertical strokes, those of one pixel column and touching joined."""
        strokes: list[list[float]] = []
        for d in data:
            t = d.time - start
            if not (self.t0 <= t <= self.t1 and d.end > self.s0 and d.first < self.s1):
                continue
            x, low, high = self.px(t), self.py(d.first), self.py(d.end)
            least = 6 if css == "again" else 3  # never smaller than the eye sees
            if low - high < least:
                middle = (low + high) / 2
                low, high = middle + least / 2, middle - least / 2
            last = strokes[-1] if strokes else None
            if last and abs(last[0] - x) < 0.25 and last[2] - 0.5 <= low and high <= last[1] + 0.5:
                last[1], last[2] = max(last[1], low), min(last[2], high)
            else:
                strokes.append([x, low, high])
        return self.path(css, "".join(f"M{x:g} {low:g}V{high:g}" for x, low, high in strokes))

    def crosses(self, data: list[Data], start: float) -> str:
        marks = []
        for d in data:
            t = d.time - start
            if d.lost and self.t0 <= t <= self.t1 and d.end > self.s0 and d.first < self.s1:
                x, y = self.px(t), self.py((d.first + d.end) / 2)
                marks.append(f"M{x - 4:g} {y - 4:g}l8 8m-8 0l8 -8")
        return self.path("lost", "".join(marks))

    def steps(self, points: list[tuple[float, int]], start: float, css: str) -> str:
        """A line that keeps its height until the next point."""
        out, before, y = "", None, None
        for time, value in points:
            t = time - start
            if t > self.t1:
                break
            if t < self.t0:
                before = value
                continue
            if not out:
                y = self.py(value if before is None else before)
                out = f"M{self.px(self.t0 if before is not None else t):g} {y:g}"
            new = self.py(value)
            if new != y:
                out += f"H{self.px(t):g}V{new:g}"
                y = new
        if out:
            out += f"H{self.px(min(self.t1, points[-1][0] - start)):g}"
        return self.path(css, out)

    def path(self, css: str, d: str) -> str:
        return f'<path class="{css}" clip-path="url(#panel{self.y})" d="{d}"/>' if d else ""

    def draw(self, transfer: Transfer, start: float) -> list[str]:
        first = [d for d in transfer.data if not d.again]
        again = [d for d in transfer.data if d.again]
        return [
            f'<clipPath id="panel{self.y}"><rect x="{LEFT}" y="{self.y + TOP}" '
            f'width="{self.width}" height="{self.height}"/></clipPath>',
            *self.axes(),
            self.steps(transfer.edges, start, "window"),
            self.steps(transfer.acks, start, "ack"),
            self.segments(first, start, "sent"),
            self.segments(again, start, "again"),
            self.crosses(transfer.data, start),
        ]


def recovery(transfer: Transfer, start: float) -> tuple[float, float] | None:
    """A stretch of time in which a hole appears, is filled, and the transfer goes on: of all of them
    the one with the most segments in it, as long as they can be told apart."""
    best, best_count = None, 0
    times = [d.time for d in transfer.data]
    for hole in (d for d in transfer.data if d.again):
        original = next((d for d in transfer.data if d.first <= hole.first < d.end), hole)
        filled = next((t for t, ack in transfer.acks if t > hole.time and ack >= hole.end), hole.time)
        span = max(filled - original.time, 1e-6)
        first = max(original.time - span * 0.4, times[0])
        last = min(filled + span * 0.6, times[-1])
        count = bisect.bisect_right(times, last) - bisect.bisect_left(times, first)
        if best is None or best_count < count <= 150:
            best, best_count = (first - start, last - start), count
    return best


def draw(transfer: Transfer) -> str:
    start = transfer.data[0].time
    done = next((t for t, ack in transfer.acks if ack >= transfer.bytes), 0)
    end = max((max(transfer.data[-1].time, done) - start) * 1.01, 1e-6)
    # The window's edge may be far above the data; the picture is about the data.
    top = max(transfer.bytes * 1.06, 1)
    name = (f"{transfer.source[0]}:{transfer.source[1]} → "
            f"{transfer.destination[0]}:{transfer.destination[1]}")
    lost = sum(d.lost for d in transfer.data)
    title = (f"{name}: {transfer.bytes:,} bytes, {len(transfer.data):,} segments, "
             f"{transfer.retransmissions:,} retransmitted, {lost:,} lost")
    panels = [Panel(0, 0, end, 0, top, title)]
    out = panels[0].draw(transfer, start)
    if zoom := recovery(transfer, start):
        inside = [d for d in transfer.data if zoom[0] <= d.time - start <= zoom[1]]
        low = min(d.first for d in inside)
        high = max(d.end for d in inside)
        edge = [s for t, s in transfer.edges if zoom[0] <= t - start <= zoom[1]]
        if edge and min(edge) < high * 2:
            high = max(high, min(max(edge), high + (high - low) // 2))
        margin = (high - low) * 0.05
        panels.append(Panel(PANEL_HEIGHT, *zoom, low - margin, high + margin, "One recovery, enlarged"))
        box, whole = panels[1], panels[0]
        out.append(f'<rect class="zoom" x="{whole.px(box.t0) - 3:g}" y="{whole.py(box.s1) - 3:g}" '
                   f'width="{whole.px(box.t1) - whole.px(box.t0) + 6:g}" '
                   f'height="{whole.py(box.s0) - whole.py(box.s1) + 6:g}"/>')
        out += box.draw(transfer, start)
    height = PANEL_HEIGHT * len(panels)
    legend, x = [], LEFT
    for css, text in (("sent", "sent"), ("again", "sent again"), ("lost", "lost on the link"),
                      ("ack", "acknowledged"), ("window", "window's edge")):
        legend.append(f'<path class="{css}" d="M{x} 40h18"/><text x="{x + 24}" y="44">{text}</text>')
        x += 50 + 8 * len(text)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {PANEL_WIDTH} {height}" '
        f'width="{PANEL_WIDTH}" height="{height}">',
        f"<style>{STYLE}</style>", '<rect width="100%" height="100%" fill="white"/>',
        *legend, *out, "</svg>\n"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("capture", help="pcapng file")
    parser.add_argument("svg", help="file to write")
    parser.add_argument("--port", type=int, help="only connections with this port")
    parser.add_argument("--from-port", type=int, help="only bytes sent from this port")
    args = parser.parse_args()

    transfers = [t for t in read_transfers(args.capture)
                 if args.port in (None, t.source[1], t.destination[1])
                 and args.from_port in (None, t.source[1])]
    if not transfers:
        print(f"{args.capture} holds no TCP data", file=sys.stderr)
        return 1
    transfer = max(transfers, key=lambda t: t.bytes)
    with open(args.svg, "w", encoding="utf-8") as file:
        file.write(draw(transfer))
    print(f"{args.svg}: {transfer.bytes} bytes, {len(transfer.data)} segments, "
          f"{transfer.retransmissions} retransmitted")
    return 0


if __name__ == "__main__":
    sys.exit(main())
