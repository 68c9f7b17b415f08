"""HTTP as clients use it, over the kernel's TCP."""

import concurrent.futures
import http.client
import socket

import support
from support import BOARD, HTTP, random_bytes, read_to_end


class HttpRig(support.SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.served = self.directory / "served"
        (self.served / "folder").mkdir(parents=True)
        self.data = random_bytes(300_000)
        (self.served / "data").write_bytes(self.data)
        (self.served / "empty").write_bytes(b"")
        self.board = self.http_server(self.served)
        self.client = self.new_client()

    def new_client(self) -> http.client.HTTPConnection:
        client = http.client.HTTPConnection(BOARD, HTTP)
        self.addCleanup(client.close)
        return client

    def ask(self, method: str, target: str, body: bytes | None = None,
            **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        self.client.request(method, target, body,
                            {k.replace("_", "-"): v for k, v in headers.items()})
        response = self.client.getresponse()
        return response, response.read()


class RequestsTest(HttpRig):
    def test_one_connection_serves_many_requests(self) -> None:
        self.client.connect()
        local = self.client.sock.getsockname()
        for _ in range(4):
            response, body = self.ask("GET", "/data")
            self.assertEqual(response.status, 200)
            self.assert_same(body, self.data)
            response, body = self.ask("GET", "/empty")
            self.assertEqual((response.status, body), (200, b""))
            response, body = self.ask("GET", "/nothing")
            self.assertEqual(response.status, 404)
            self.assertEqual(self.client.sock.getsockname(), local)
        counters = self.board.stop()
        self.assertEqual(counters["server.accepted"], 1)
        self.assertEqual(counters["server.requests"], 12)

    def test_ranges(self) -> None:
        size = len(self.data)
        end = size - 1
        for text, first, last in (("0-0", 0, 0), ("5-70004", 5, 70_004), ("299999-", end, end),
                                  ("-1234", size - 1234, end), ("299000-999999", 299_000, end)):
            response, body = self.ask("GET", "/data", Range=f"bytes={text}")
            self.assertEqual(response.status, 206, text)
            self.assertEqual(response.getheader("Content-Range"), f"bytes {first}-{last}/{size}")
            self.assert_same(body, self.data[first:last + 1])
        response, _ = self.ask("GET", "/data", Range=f"bytes={size}-")
        self.assertEqual(response.status, 416)
        self.assertEqual(response.getheader("Content-Range"), f"bytes */{size}")

    def test_head(self) -> None:
        response, body = self.ask("HEAD", "/data")
        self.assertEqual((response.status, body), (200, b""))
        self.assertEqual(response.getheader("Content-Length"), str(len(self.data)))
        response, body = self.ask("GET", "/data")  # nothing of a body was left behind
        self.assert_same(body, self.data)


class UploadsTest(HttpRig):
    def test_an_upload_comes_back(self) -> None:
        data = random_bytes(1 << 20, 1)
        for status in (201, 204):
            response, _ = self.ask("PUT", "/folder/new", data)
            self.assertEqual(response.status, status)
            response, body = self.ask("GET", "/folder/new")
            self.assert_same(body, data)
            data = random_bytes(100_000, 2)
        response, _ = self.ask("PUT", "/empty-too", b"")
        self.assertEqual(response.status, 201)
        self.assertEqual((self.served / "empty-too").read_bytes(), b"")

    def test_an_upload_that_waits_to_be_asked(self) -> None:
        # curl does so with large files.
        data = random_bytes(50_000)
        peer = self.connect(HTTP)
        peer.sendall(b"PUT /asked HTTP/1.1\r\nHost: board\r\nContent-Length: 50000\r\n"
                     b"Expect: 100-continue\r\nConnection: close\r\n\r\n")
        wanted = b"HTTP/1.1 100 Continue\r\n\r\n"
        self.assertEqual(support.read_exactly(peer, len(wanted)), wanted)
        peer.sendall(data)
        self.assertTrue(read_to_end(peer).startswith(b"HTTP/1.1 201 "))
        self.assert_same((self.served / "asked").read_bytes(), data)

    def test_an_upload_that_breaks_off_leaves_the_old_file(self) -> None:
        peer = self.connect(HTTP)
        peer.sendall(b"PUT /data HTTP/1.1\r\nHost: board\r\nContent-Length: 50000\r\n\r\n" +
                     random_bytes(20_000, 3))
        support.reset_on_close(peer)
        peer.close()
        _, body = self.ask("GET", "/data")
        self.assert_same(body, self.data)
        self.assertEqual(sorted(p.name for p in self.served.iterdir()), ["data", "empty", "folder"])


class OddClientsTest(HttpRig):
    def test_refusals(self) -> None:
        for method, target, status in (("GET", "/nothing", 404), ("GET", "/../../etc/passwd", None),
                                       ("PUT", "/folder", 409), ("DELETE", "/data", 405),
                                       ("GET", "/%zz", 400)):
            response, _ = self.ask(method, target)
            if status is None:
                self.assertGreaterEqual(response.status, 400, target)
            else:
                self.assertEqual(response.status, status, f"{method} {target}")
        self.assertEqual((self.served / "data").read_bytes(), self.data)

    def test_requests_in_a_row_are_answered_in_order(self) -> None:
        peer = self.connect(HTTP)
        one = b"GET /data HTTP/1.1\r\nHost: board\r\nRange: bytes=%d-%d\r\n%s\r\n"
        requests = [one % (i * 1000, i * 1000 + 999, b"") for i in range(49)]
        requests.append(one % (49_000, 49_999, b"Connection: close\r\n"))
        peer.sendall(b"".join(requests))
        answers = read_to_end(peer)
        at = 0
        for i in range(50):
            at = answers.index(b"\r\n\r\n", at) + 4
            self.assert_same(answers[at:at + 1000], self.data[i * 1000:i * 1000 + 1000])
            at += 1000
        self.assertEqual(at, len(answers))

    def test_64_clients_at_once(self) -> None:
        def fetch(i: int) -> bool:
            client = http.client.HTTPConnection(BOARD, HTTP)
            try:
                first = i * 100
                client.request("GET", "/data", headers={"Range": f"bytes={first}-{first + 19_999}"})
                return client.getresponse().read() == self.data[first:first + 20_000]
            finally:
                client.close()

        with concurrent.futures.ThreadPoolExecutor(64) as pool:
            self.assertTrue(all(pool.map(fetch, range(64))))
        self.assertEqual(self.board.stop()["server.accepted"], 64)

    def test_a_request_a_byte_at_a_time(self) -> None:
        peer = self.connect(HTTP)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"GET /empty HTTP/1.1\r\nHost: board\r\nConnection: close\r\n\r\n":
            peer.sendall(bytes([byte]))
        self.assertTrue(read_to_end(peer).startswith(b"HTTP/1.1 200 OK\r\n"))
