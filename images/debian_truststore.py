"""Takes the time of its making out of Debian's trust store for Java, so that the same certificates make the same file.

A JKS has for each entry the time at which it was added, and at its end a digest that its password goes into (as
sun.security.provider.JavaKeyStore writes it). Runs inside of the system that is being put together.
"""
import hashlib
import struct

STORE = "/etc/ssl/certs/java/cacerts"
PASSWORD = "changeit"  # public: the same on every machine
CERTIFICATE = 2


def without_times(data):
    out = bytearray(data)
    _, version, entries = struct.unpack_from(">III", data)
    at = 12
    for _ in range(entries):
        tag, alias = struct.unpack_from(">IH", data, at)
        if tag != CERTIFICATE:
            raise ValueError("a trust store with a key in it")
        at += 6 + alias
        out[at:at + 8] = bytes(8)
        at += 8
        if version == 2:
            at += 2 + struct.unpack_from(">H", data, at)[0]
        at += 4 + struct.unpack_from(">I", data, at)[0]
    body = bytes(out[:at])
    return body + hashlib.sha1(PASSWORD.encode("utf-16-be") + b"Mighty Aphrodite" + body).digest()


def main():
    try:
        with open(STORE, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return
    if data[:4] == b"\xfe\xed\xfe\xed":
        data = without_times(data)
        with open(STORE, "wb") as file:
            file.write(data)


main()
