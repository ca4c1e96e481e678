"""Connections to the API server: requests on a kept-alive one, watches as chunked JSON and by WebSocket."""

import base64
import http.client
import json
import os
import struct
import time

USER_AGENT = "api-test/1.0"  # the field manager's name where a request gives none: "api-test"
PATIENCE = 40                # seconds that an answer, an event or a condition may take


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        """The body as a value, or None when it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Caller:
    """Who sends: the kubeconfig's user, a bearer of another token, or nobody."""

    def __init__(self, server):
        self._server = server
        self._kept = {}

    def close(self):
        for connection in self._kept.values():
            connection.close()

    def send(self, method, path, headers, body, token=None, anonymous=False):
        identified = not (token or anonymous)
        headers = self._headers(headers, token, anonymous)
        for attempt in (1, 2):
            connection = self._kept.get(identified) or self._connect(identified)
            kept, self._kept[identified] = identified in self._kept, connection
            try:
                try:
                    connection.request(method, path, body=body, headers=headers)
                except (BrokenPipeError, ConnectionResetError):
                    if not body or connection.sock is None:
                        raise  # else the server may have answered before it had read the whole body
                response = connection.getresponse()
                content = response.read()
            except (http.client.HTTPException, OSError):
                connection.close()
                del self._kept[identified]
                if attempt == 2 or not kept:
                    raise
                continue  # the server closed the idle connection
            if response.will_close:
                connection.close()
                del self._kept[identified]
            return Answer(response.status, response.headers, content)

    def watch(self, path, headers, token=None, anonymous=False):
        """A Stream when the server answers 200, else its Answer."""
        connection = self._connect(not (token or anonymous))
        connection.request("GET", path, headers=self._headers(headers, token, anonymous))
        response = connection.getresponse()
        if response.status != 200:
            answer = Answer(response.status, response.headers, response.read())
            connection.close()
            return answer
        return Stream(connection, response)

    def websocket(self, path, headers, token=None, anonymous=False):
        connection = self._connect(not (token or anonymous))
        headers = self._headers(headers, token, anonymous)
        headers.update({"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                        # Without an origin a real server answers 403.
                        "Origin": f"{self._server.scheme}://{self._server.host}:{self._server.port}",
                        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode()})
        connection.request("GET", path, headers=headers)
        response = http.client.HTTPResponse(connection.sock, method="GET")
        response.begin()
        if response.status != 101:
            answer = Answer(response.status, response.headers, response.read())
            connection.close()
            return answer
        return WebSocket(connection, response)

    def _connect(self, identified):
        host, port = self._server.host, self._server.port
        if self._server.scheme == "https":
            tls = self._server.tls(identified)
            return http.client.HTTPSConnection(host, port, timeout=PATIENCE, context=tls)
        return http.client.HTTPConnection(host, port, timeout=PATIENCE)

    def _headers(self, headers, token, anonymous):
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json", **headers}
        if token or (self._server.token and not anonymous):
            headers["Authorization"] = "Bearer " + (token or self._server.token)
        return headers


class Stream:
    """Events of a watch, one JSON document a line."""

    def __init__(self, connection, response):
        self._connection, self._response = connection, response
        self.status, self.headers = response.status, response.headers

    def next(self):
        """The next event, or None when the server has ended the watch. Raises TimeoutError when neither comes."""
        line = self._response.readline()
        return json.loads(line) if line.strip() else None

    def close(self):
        self._response.close()
        self._connection.close()


class WebSocket:
    """Events of a watch, one JSON document a message (RFC 6455)."""

    def __init__(self, connection, response):
        self._connection, self._response = connection, response
        self._file = response.fp
        self.status, self.headers = response.status, response.headers

    def next(self):
        message = b""
        while True:
            first, second = self._read(2)
            length = second & 0x7F
            if length == 126:
                length = struct.unpack(">H", self._read(2))[0]
            elif length == 127:
                length = struct.unpack(">Q", self._read(8))[0]
            opcode, payload = first & 0x0F, self._read(length)
            if opcode == 8:
                return None
            if opcode in (0, 1, 2):
                message += payload
                if first & 0x80:
                    return json.loads(message)

    def _read(self, n):
        data = self._file.read(n)
        if len(data) < n:
            raise ConnectionError("the WebSocket ended without a close frame")
        return data

    def close(self):
        self._connection.close()
        self._file.close()


def wait_until(condition, patience=PATIENCE):
    """Asks again, ever less often, until `condition()` is true; returns whether it became so."""
    pause, end = 0.01, time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
        pause = min(pause * 1.5, 0.25)
    return True
