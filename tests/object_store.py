"""A little object store on this machine: as much of S3's protocol as its libraries ask for, kept in memory."""

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

ACCESS_KEY = "backups-of-the-register"


class ObjectStore(ThreadingHTTPServer):
    """What it holds is in `files`, by bucket and key; what it was asked is in `asked`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.files: dict[str, bytes] = {}
        self.parts: dict[int, bytes] = {}
        self.asked: list[tuple[str, str, dict]] = []

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a register that uses it."""
        return {
            "S3_BUCKET": "register",
            "S3_ENDPOINT_URL": f"http://127.0.0.1:{self.server_port}",
            "S3_ACCESS_KEY": ACCESS_KEY,
            "S3_SECRET_KEY": "secret-of-the-tests",
            "S3_REGION": "here-1",
            "NO_PROXY": "127.0.0.1",
        }


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments) -> None:
        """The tests say what matters."""

    def parse_request(self) -> bool:
        """Whoever has not the key learns nothing."""
        if not super().parse_request():
            return False
        address = urlsplit(self.path)
        self.key, self.query = unquote(address.path).strip("/"), parse_qs(address.query, keep_blank_values=True)
        self.server.asked.append((self.command, self.path, dict(self.headers)))
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))  # after "100 Continue" was sent
        if f"Credential={ACCESS_KEY}/" in self.headers.get("Authorization", ""):
            return True
        self.refuse(403, "AccessDenied")
        return False

    def answer(self, body: bytes = b"", status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status: int, code: str) -> None:
        self.answer(f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode(), status)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if "prefix" in self.query:
            self.list_names(self.query["prefix"][0])
        elif self.key not in self.server.files:
            self.refuse(404, "NoSuchKey")
        else:
            self.give(self.server.files[self.key])

    def list_names(self, prefix: str) -> None:
        keys = [key.removeprefix(f"{self.key}/") for key in self.server.files]
        found = "".join(f"<Contents><Key>{escape(key)}</Key></Contents>" for key in keys if key.startswith(prefix))
        self.answer(f"<ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>".encode())

    def give(self, content: bytes) -> None:
        """All of a file, or the part that `Range` names."""
        known = {"ETag": etag(content), "Last-Modified": "Thu, 26 Nov 2026 08:00:00 GMT"}
        if not (part := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))):
            self.answer(content, headers=known)
            return
        first, last = int(part[1]), int(part[2] or len(content) - 1)
        span = {"Content-Range": f"bytes {first}-{last}/{len(content)}"}
        self.answer(content[first : last + 1], 206, known | span)

    def do_PUT(self) -> None:
        if "partNumber" in self.query:
            self.server.parts[int(self.query["partNumber"][0])] = self.body
        else:
            self.server.files[self.key] = self.kept(self.body)
        self.answer(headers={"ETag": etag(self.body)})

    def kept(self, body: bytes) -> bytes:
        """What is kept of a file, which should be the file."""
        return body

    def do_POST(self) -> None:
        """A long file comes in parts: it is announced, and put together at the end."""
        if "uploads" in self.query:
            self.answer(b"<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>")
            return
        self.server.files[self.key] = b"".join(part for _number, part in sorted(self.server.parts.items()))
        self.server.parts.clear()
        self.answer(b"<CompleteMultipartUploadResult></CompleteMultipartUploadResult>")


def etag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()}"'


@contextmanager
def object_store() -> Iterator[ObjectStore]:
    with ObjectStore() as store:
        thread = threading.Thread(target=store.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield store
        finally:
            store.shutdown()
            thread.join()
