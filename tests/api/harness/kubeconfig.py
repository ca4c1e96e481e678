"""Where the API server is and who we are to it, from a kubeconfig."""

import base64
import json
import os
import re
import ssl
import tempfile
from urllib.parse import urlsplit


class Server:
    """One cluster as one user. `tls()` is a context with the user's client certificate, `tls(False)` one without."""

    def __init__(self, cluster, user, folder):
        url = urlsplit(cluster["server"])
        self.scheme = url.scheme
        self.host = url.hostname
        self.port = url.port or (443 if url.scheme == "https" else 80)
        self.token = user.get("token")
        if not self.token and user.get("tokenFile"):
            with open(os.path.join(folder, user["tokenFile"]), encoding="utf-8") as f:
                self.token = f.read().strip()
        self._ca = _content(cluster, "certificate-authority", folder)
        self._certificate = _content(user, "client-certificate", folder)
        self._key = _content(user, "client-key", folder)
        self._insecure = cluster.get("insecure-skip-tls-verify") in (True, "true")
        self._contexts = {}

    def tls(self, identified=True):
        if self.scheme != "https":
            return None
        if identified not in self._contexts:
            self._contexts[identified] = self._context(identified)
        return self._contexts[identified]

    def _context(self, identified):
        context = ssl.create_default_context(cadata=self._ca.decode() if self._ca else None)
        if self._insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if identified and self._certificate:
            # The ssl module reads client certificates from files only.
            with tempfile.NamedTemporaryFile() as f:
                f.write(self._certificate + b"\n" + (self._key or b""))
                f.flush()
                context.load_cert_chain(f.name)
        return context


def load(path=None, context=None):
    """The server of `context` (else the current one) in the kubeconfig at `path` (else $KUBECONFIG, ~/.kube/config)."""
    path = path or os.environ.get("KUBECONFIG", "").split(":")[0] or os.path.expanduser("~/.kube/config")
    with open(path, encoding="utf-8") as f:
        config = parse(f.read())
    context = context or config.get("current-context")
    chosen = _named(config, "contexts", context, path)["context"]
    cluster = _named(config, "clusters", chosen["cluster"], path)["cluster"]
    user = _named(config, "users", chosen["user"], path)["user"]
    return Server(cluster, user or {}, os.path.dirname(os.path.abspath(path)))


def _named(config, section, name, path):
    for entry in config.get(section) or []:
        if entry.get("name") == name:
            return entry
    raise SystemExit(f"{path} has no {name!r} among its {section}: name another with --context")


def _content(entry, member, folder):
    if entry.get(member + "-data"):
        return base64.b64decode(entry[member + "-data"])
    if entry.get(member):
        with open(os.path.join(folder, entry[member]), "rb") as f:
            return f.read()
    return None


def parse(text):
    """A kubeconfig's document: JSON, or the part of YAML that kubeconfigs are written in."""
    try:
        return json.loads(text)
    except ValueError:
        lines = [(len(line) - len(line.lstrip()), line.strip()) for line in text.splitlines()
                 if line.strip() and not line.lstrip().startswith("#") and line.strip() != "---"]
        return _block(lines, 0, lines[0][0])[0]


def _block(lines, at, indent):
    if lines[at][1].startswith("- ") or lines[at][1] == "-":
        return _sequence(lines, at, indent)
    result = {}
    while at < len(lines) and lines[at][0] == indent and not lines[at][1].startswith("- "):
        key, _, rest = lines[at][1].partition(":")
        rest, at = rest.strip(), at + 1
        if rest:
            result[_scalar(key)] = _flow(rest)
        # A sequence may stand at its key's own indentation.
        elif at < len(lines) and (lines[at][0] > indent or (lines[at][0] == indent and lines[at][1].startswith("- "))):
            result[_scalar(key)], at = _block(lines, at, lines[at][0])
        else:
            result[_scalar(key)] = None
    return result, at


def _sequence(lines, at, indent):
    result = []
    while at < len(lines) and lines[at][0] == indent and lines[at][1].startswith("-"):
        rest = lines[at][1][1:].lstrip()
        inner = indent + len(lines[at][1]) - len(rest)
        if re.match(r"[^\[{\"'][^:]*:(\s|$)", rest):
            value, at = _block(lines[:at] + [(inner, rest)] + lines[at + 1:], at, inner)
        else:
            value, at = _flow(rest), at + 1
        result.append(value)
    return result, at


_FLOW = re.compile(r"""\s*(?:([\[\]{},])|:(?=\s|$)|"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'"""
                   r"""|(?:[^\[\]{},:\s]|:(?!\s|$)|\x20(?=\w))+)""")


def _flow(text):
    if text[0] not in "[{":
        return _scalar(re.sub(r"\s+#.*$", "", text))
    tokens = list(_FLOW.finditer(text))
    value, _ = _flow_value(tokens, 0)
    return value


def _flow_value(tokens, at):
    mark = tokens[at].group(1)
    if mark not in ("[", "{"):
        return _scalar(tokens[at].group(0).strip()), at + 1
    result, at = ([] if mark == "[" else {}), at + 1
    while tokens[at].group(1) not in ("]", "}"):
        value, at = _flow_value(tokens, at)
        if mark == "[":
            result.append(value)
        else:
            result[value], at = _flow_value(tokens, at + 1)
        if tokens[at].group(1) == ",":
            at += 1
    return result, at + 1


def _scalar(text):
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        return json.loads(text)
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    return {"true": True, "false": False, "null": None, "~": None, "{}": {}, "[]": []}.get(text, text)
