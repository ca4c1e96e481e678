"""From an answer to an expectation: what may differ between two runs or two servers becomes a placeholder."""

import datetime
import re

from .template import SHAPES, known_by

_UID = re.compile(r"\b" + SHAPES["uid"] + r"\b")
_TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z\b")
_TOKEN = re.compile(r"\beyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_TOKEN_VOLUME = re.compile(r"\bkube-api-access-[a-z0-9]{5}\b")
# What Go's libraries say, or print of Go's structures, is no part of the API.
_GO_DIFFERENCE = re.compile(r"(\n  core\.|\n?@@ |\n  \(\n|\n  \S+\{\n)[\s\S]*")
_GO_ERROR = re.compile(r"((?<=: )(json: |json parse error: |yaml: |strconv\.|StorageError: |illegal base64 "
                       r"|parsing time )|^strconv\.)[\s\S]*"
                       r'|(?<=in scheme )".*?"|(?<=got )&value\..*')
_GO_VALUE = re.compile(r"((?<=Invalid value: )|(?<=Duplicate value: ))"
                       r'(\{"[A-Z].*?\}(?=: |,|\]|$)|"\{\\?".*\}"(?=: ))')
# Placeholders for what Table cells hold under these headings.
_COLUMNS = {"Age": "{duration}", "Last Seen": "{duration}", "First Seen": "{duration}", "Cluster-IP": "{ip}"}
_KEPT_HEADERS = ("Content-Type", "Warning", "Retry-After", "Allow")


def headers(received):
    """The headers that an expectation tells: JSON is what it expects where it tells no Content-Type."""
    kept = {}
    for name in _KEPT_HEADERS:
        values = received.get_all(name) or []
        if values and not (name == "Content-Type" and values == ["application/json"]):
            kept[name] = ", ".join(values)
    return kept


def canonical(value):
    """An answer with what comes in any order put into one: managed fields, which are sorted by the second they were
    written in, and the causes of a refusal, since servers walk maps."""
    if isinstance(value, list):
        return [canonical(element) for element in value]
    if not isinstance(value, dict):
        return value
    value = {key: canonical(member) for key, member in value.items()}
    if isinstance(value.get("managedFields"), list):
        value["managedFields"].sort(key=lambda entry: [entry.get(member, "") for member in
                                                       ("operation", "manager", "subresource", "apiVersion")])
    details = value.get("details") if value.get("kind") == "Status" else None
    causes = details.get("causes") if isinstance(details, dict) else None
    if causes and len(causes) > 1:
        told = [f"{cause.get('field')}: {cause.get('message')}" for cause in causes]
        head, bracket, tail = value.get("message", "").partition("[")
        if bracket and tail == ", ".join(dict.fromkeys(told)) + "]":
            value["message"] = head + "[" + ", ".join(sorted(set(told))) + "]"
        causes.sort(key=lambda cause: [cause.get(member, "") for member in ("field", "message", "reason")])
    return value


class Recorder:
    """Turns the values of one run into expectations.

    `written` is what the script's requests say: a uid that is of their making is no variable.
    `whole_managed_fields`: tell them, for scripts about them."""

    def __init__(self, variables, written, whole_managed_fields):
        self._variables = variables
        self._written = written
        self._whole_managed_fields = whole_managed_fields
        self._now = datetime.datetime.now(datetime.timezone.utc)

    def body(self, value, directives):
        expected = self._value(value, "", "x")
        for name, *argument in directives:
            if name in ("any", "optional"):
                _replace(expected, argument[0].split("/")[1:], "{%s}" % name)
            elif name == "only":
                _keep_only(expected, *argument[0].split(None, 1))
        return expected

    def text(self, value):
        return self._string(value, "", "x")

    def _value(self, value, key, base):
        if isinstance(value, dict):
            return self._object(value, key, base)
        if isinstance(value, list):
            return [self._value(element, key, base) for element in value]
        if key == "storageVersionHash":
            return "{optional}"
        if isinstance(value, str):
            return self._string(value, key, base)
        if key in ("nodePort", "healthCheckNodePort") and value:
            return "{int}"
        return value

    def _object(self, value, key, base):
        metadata = value.get("metadata")
        if isinstance(metadata, dict) and metadata.get("name"):
            base = self._base(metadata)
        elif isinstance(value.get("name"), str) and "uid" in value and key != "metadata":
            base = self._base(value)  # an object reference
        result = {}
        for member, inner in value.items():
            if member == "managedFields" and key == "metadata" and not self._whole_managed_fields:
                result[member] = "{managedFields}"
            elif member == "resourceVersion" and key == "metadata" and isinstance(inner, str):
                result[member] = self._resource_version(value, base, inner)
            elif member == "continue" and key == "metadata" and inner:
                result[member] = self._label("continue", "1", inner)
            elif member == "name" and key == "metadata" and inner.startswith(value.get("generateName") or "\0"):
                result[member] = self._label("name", base, inner)
            else:
                result[self._string(member, "", base)] = self._value(inner, member, base)
        if value.get("kind") == "Table":
            self._cells(result)
        return result

    def _resource_version(self, metadata, base, value):
        if not re.fullmatch(SHAPES["rv"], value):
            return value
        # A list's, or a bookmark's, moves with every writer of the server: only an object's own is known.
        return self._label("rv", base, value) if metadata.get("uid") else "{rv}"

    def _base(self, metadata):
        name = metadata.get("generateName") or metadata["name"]
        for whole in (self._variables.values["ns"], self._variables.values["id"]):
            name = name.replace(whole, "ns" if whole == self._variables.values["ns"] else "")
        return re.sub(r"\.{2,}", ".", re.sub(r"[^A-Za-z0-9._-]", "-", name)).strip("-.") or "x"

    def _string(self, text, key, base):
        if key in ("clusterIP", "clusterIPs", "podIP", "hostIP") and re.fullmatch(SHAPES["ip"], text):
            return "{ip}"
        text = re.sub(r"x{100,}", lambda m: "{x*%d}" % len(m[0]), text)
        text = _TOKEN.sub(lambda m: self._label("token", base, m[0]), text)
        text = _UID.sub(lambda m: m[0] if m[0] in self._written else self._label("uid", base, m[0]), text)
        text = _TIME.sub(self._time, text)
        text = _TOKEN_VOLUME.sub(lambda m: "kube-api-access-" + self._label("code", base, m[0][-5:]), text)
        if key == "message":
            text = _GO_ERROR.sub("{any}", _GO_VALUE.sub("{any}", _GO_DIFFERENCE.sub("{any}", text)))
            known = self._variables.owners.get("rv", {})
            text = re.sub(r"\b[1-9][0-9]+\b", lambda m: "{%s}" % known[m[0]] if m[0] in known else m[0], text)
            text = re.sub(r"too old resource version: (\S+) \(\d+\)", r"too old resource version: \1 ({rv})", text)
            text = re.sub(r"(Too large resource version: \S+), current: \d+", r"\1, current: {rv}", text)
        for value, label in self._variables.owners.get("name", {}).items():
            text = text.replace(value, "{%s}" % label)
        for name in ("ns", "id"):
            text = text.replace(self._variables.values[name], "{%s}" % name)
        return text

    def _time(self, match):
        when = datetime.datetime.fromisoformat(match.group(0).replace("Z", "+00:00"))
        if abs(when - self._now) > datetime.timedelta(days=1):
            return match.group(0)  # the script's own
        return "{microtime}" if match.group(1) else "{time}"

    def _label(self, shape, base, value):
        known = self._variables.owners.get(shape, {}).get(value)
        if known and shape != "continue":
            return "{%s}" % known
        label, n = f"{shape}:{base}", 1
        while label in self._variables.values:
            n += 1
            label = f"{shape}:{base}.{n}" if base != "1" else f"{shape}:{n}"
        self._variables.bind(label, value)
        return "{%s}" % label

    def _cells(self, table):
        for i, column in enumerate(table.get("columnDefinitions") or []):
            column["description"] = "{any}"  # prose for people
            placeholder = _COLUMNS.get(column["name"])
            for row in table.get("rows") or [] if placeholder else []:
                if placeholder != "{ip}" or re.fullmatch(SHAPES["ip"], str(row["cells"][i])):
                    row["cells"][i] = placeholder


def merge(first, second, path=""):
    """One expectation from two recordings, and what kept differing between them. A resource version that other
    writers move is told without its label."""
    if isinstance(first, dict) and isinstance(second, dict) and first.keys() == second.keys():
        merged = {key: merge(first[key], second[key], f"{path}/{key}") for key in first}
        return {key: value for key, (value, _) in merged.items()}, [d for _, ds in merged.values() for d in ds]
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        merged = [merge(a, b, f"{path}/{i}") for i, (a, b) in enumerate(zip(first, second))]
        return [value for value, _ in merged], [d for _, ds in merged for d in ds]
    if type(first) is type(second) and first == second:
        return first, []
    if isinstance(first, str) and isinstance(second, str) and first.startswith("{rv") and second.startswith("{rv"):
        return "{rv}", []
    once, again = first, second
    if isinstance(first, dict) and isinstance(second, dict):
        once, again = ({key: x[key] for key in x if key not in y} for x, y in ((first, second), (second, first)))
    return first, [f"{path or '/'}: {_brief(once)} once, {_brief(again)} another time"]


def _brief(value):
    return str(value)[:200]


def _replace(value, pointer, replacement):
    key = pointer[0].replace("~1", "/").replace("~0", "~")
    if replacement == "{optional}" and len(pointer) == 1 and isinstance(value, dict) and key != "*":
        value[key] = replacement
    for inner in _members(value, key):
        if len(pointer) == 1:
            value[inner] = replacement
        else:
            _replace(value[inner], pointer[1:], replacement)


def _members(value, key):
    if isinstance(value, dict):
        return list(value) if key == "*" else [key] if key in value else []
    if isinstance(value, list):
        return list(range(len(value))) if key == "*" else [int(key)] if key.isdigit() and int(key) < len(value) else []
    return []


def _keep_only(value, pointer, names):
    """`@only /resources pods,services` tells these elements of a list, or members of an object, and "..."."""
    parts, names = [part for part in pointer.split("/") if part], names.split(",")

    def keep(value, parts):
        if parts:
            for inner in _members(value, parts[0].replace("~1", "/").replace("~0", "~")):
                keep(value[inner], parts[1:])
        elif isinstance(value, list):
            value[:] = [element for element in value if known_by(element) in names] + ["..."]
        elif isinstance(value, dict):
            for key in [key for key in value if key not in names]:
                del value[key]
            value["..."] = "..."
    keep(value, parts)
