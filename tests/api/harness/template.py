"""Placeholders: how an expected value stands for any of many actual ones.

A string of an expected body may hold placeholders, alone or within other text:

  {ns} {id}        the script's namespace, and what makes its cluster-scoped names its own
  {any}            anything; as a whole member, any JSON value
  {optional}       as a whole member: anything, or no such member
  {managedFields}  a list of managed fields, whatever it says
  {int} {time} {microtime} {duration} {ip} ...   a value of this shape (SHAPES)
  {uid:a} {rv:a} {name:a} {continue:1} {token:1} a value of this shape, the same wherever the script says it again,
                   and different from those with other labels; a request may say it too
  {x*N}            N times the letter x, in requests as well

A member or an element "..." allows others that the expectation does not tell.
"""

import json
import re

SHAPES = {
    "any": r"[\s\S]*",
    "rv": r"[1-9][0-9]*",
    "uid": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "microtime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z",
    "duration": r"(?:\d+[ydhms])+|<unknown>|<invalid>",
    "ip": r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}",
    "int": r"-?\d+",
    "name": r"[a-z0-9.-]+",
    "continue": r"[A-Za-z0-9_=-]+",
    "token": r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+",
    "code": r"[a-z0-9]{5}",
}
PLACEHOLDER = re.compile(r"\{(ns|id|x\*\d+|(?:" + "|".join(SHAPES) + r")(?::[A-Za-z0-9._-]+)?)\}")


class Unbound(Exception):
    """A request names a value that no answer has given."""


class Variables:
    """What a run of a script has seen: the values of ns, id and of every label."""

    def __init__(self, ns, identity):
        self.values = {"ns": ns, "id": identity}
        self.owners = {}  # shape -> value -> label, to tell when two labels would mean the same

    def bind(self, label, value):
        """Whether `label` may stand for `value`."""
        if label in self.values:
            return self.values[label] == value
        shape = label.split(":")[0]
        # Two lists of one moment, and of another in the next run, have equal tokens in the one alone.
        if shape != "continue" and self.owners.setdefault(shape, {}).setdefault(value, label) != label:
            return False
        self.values[label] = value
        return True

    def fill(self, text):
        """`text` of a request with its placeholders replaced."""
        def value(match):
            name = match.group(1)
            if name.startswith("x*"):
                return "x" * int(name[2:])
            if name not in self.values:
                raise Unbound(f"the request needs {match.group(0)}, which no answer before it has given")
            return self.values[name]
        return PLACEHOLDER.sub(value, text)

    def fill_known(self, text):
        return PLACEHOLDER.sub(lambda m: self.values.get(m.group(1), m.group(0)), text)


def differences(expected, actual, variables, path=""):
    """What of `actual` is not as `expected`, a line each; labels met for the first time are bound."""
    if expected in ("{any}", "{optional}"):
        return []
    if expected == "{managedFields}":
        return [] if _are_managed_fields(actual) else [f"{path}: expected managed fields, got {_short(actual)}"]
    if isinstance(expected, dict) and isinstance(actual, dict):
        return _object_differences(expected, actual, variables, path)
    if isinstance(expected, list) and isinstance(actual, list):
        return _list_differences(expected, actual, variables, path)
    if expected == "{int}" and isinstance(actual, int) and not isinstance(actual, bool):
        return []
    if isinstance(expected, str) and isinstance(actual, str):
        if _string_matches(expected, actual, variables):
            return []
        return [f"{path or '/'}: expected {_short(expected, variables)}, got {_short(actual)}"]
    if type(expected) is type(actual) and expected == actual:
        return []
    return [f"{path or '/'}: expected {_short(expected, variables)}, got {_short(actual)}"]


def _object_differences(expected, actual, variables, path):
    lines, told = [], set()
    for key, value in expected.items():
        if key == "...":
            continue
        key = variables.fill_known(key)
        told.add(key)
        if key in actual:
            lines += differences(value, actual[key], variables, f"{path}/{_pointer(key)}")
        elif value != "{optional}":
            lines.append(f"{path}/{_pointer(key)}: missing, expected {_short(value, variables)}")
    if "..." not in expected:
        lines += [f"{path}/{_pointer(key)}: unexpected, is {_short(actual[key])}" for key in actual if key not in told]
    return lines


def _list_differences(expected, actual, variables, path):
    if expected[-1:] == ["..."]:
        return _subset_differences(expected[:-1], actual, variables, path)
    lines = []
    for i, (left, right) in enumerate(zip(expected, actual)):
        lines += differences(left, right, variables, f"{path}/{i}")
    missing = range(len(actual), len(expected))
    lines += [f"{path}/{i}: missing, expected {_short(expected[i], variables)}" for i in missing]
    lines += [f"{path}/{i}: unexpected, is {_short(actual[i])}" for i in range(len(expected), len(actual))]
    return lines


def _subset_differences(expected, actual, variables, path):
    lines = []
    for i, element in enumerate(expected):
        # Elements of such lists are known by their name; the nearest one makes the shortest difference.
        found = [differences(element, candidate, variables, f"{path}/{i}") for candidate in actual
                 if known_by(element) == known_by(candidate)]
        if not found:
            lines.append(f"{path}: has no {_short(known_by(element))}")
        elif all(found):
            lines += min(found, key=len)
    return lines


def known_by(element):
    """What tells an element of a list from its neighbours: a name, wherever the kinds of discovery keep it."""
    if not isinstance(element, dict):
        return element
    for member in ("name", "resource", "version", "groupVersion", "subresource"):
        if member in element:
            return element[member]
    return known_by(element["metadata"]) if "metadata" in element else None


def _string_matches(expected, actual, variables):
    pattern, labels = "", []
    at = 0
    for found in PLACEHOLDER.finditer(expected):
        pattern += re.escape(expected[at:found.start()])
        name, at = found.group(1), found.end()
        if name.startswith("x*"):
            pattern += "x{%s}" % name[2:]
        elif name in variables.values:
            pattern += re.escape(variables.values[name])
        elif name in SHAPES:
            pattern += f"(?:{SHAPES[name]})"
        elif name in labels:
            pattern += f"(?P=v{labels.index(name)})"
        else:
            pattern += f"(?P<v{len(labels)}>{SHAPES[name.split(':')[0]]})"
            labels.append(name)
    found = re.fullmatch(pattern + re.escape(expected[at:]), actual)
    return bool(found) and all(variables.bind(name, found.group(f"v{i}")) for i, name in enumerate(labels))


def _are_managed_fields(value):
    members = {"manager", "operation", "apiVersion", "fieldsType", "fieldsV1"}
    return isinstance(value, list) and len(value) > 0 and all(
        isinstance(entry, dict) and members <= set(entry) <= members | {"subresource", "time"} for entry in value)


def _pointer(key):
    return key.replace("~", "~0").replace("/", "~1")


def _short(value, variables=None):
    text = json.dumps(value, ensure_ascii=False)
    if variables:
        text = PLACEHOLDER.sub(lambda m: m.group(0) + (f"={variables.values[m.group(1)]}"
                               if ":" in m.group(1) and m.group(1) in variables.values else ""), text)
    return text if len(text) <= 300 else text[:297] + "..."
