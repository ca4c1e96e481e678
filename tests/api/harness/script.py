"""A script: what its file says, as steps, and back to the file with other expectations."""

import json
import re

from . import layout

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


class Expectation:
    """An answer: a status, the headers that matter, and a body (a JSON value, a str for text, None for nothing).

    Of EVENTS there is neither status nor headers, and the body is the list of events."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body


class Step:
    """One request, watch, or reading of a watch's events; `head` is its lines as they were written."""

    def __init__(self, head, line_number):
        self.head = head
        self.line_number = line_number
        self.directives, self.headers, self.body = [], {}, ""
        self.expected = None


class ScriptError(Exception):
    pass


def read(path):
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    blocks, start = [], 0
    for at, line in enumerate(lines + [""]):
        if not line.strip():
            if at > start:
                blocks.append((start + 1, lines[start:at]))
            start = at + 1
    if not blocks or not all(line.startswith(("#", "@")) for line in blocks[0][1]):
        raise ScriptError(f"{path} must begin with a comment that says what a person learns from it")
    return blocks[0][1], [_step(path, number, block) for number, block in blocks[1:]]


def write(path, comment, steps):
    parts = ["\n".join(comment)] + ["\n".join(step.head + _expected_lines(step)) for step in steps]
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n\n".join(parts) + "\n")


def _step(path, number, block):
    at = 0
    while at < len(block) and block[at].startswith("#"):
        at += 1
    step = Step(block, number + at)
    words = block[at].split() if at < len(block) else []
    if words[:1] == ["EVENTS"] and len(words) >= 3:
        step.kind, step.watch, step.count, step.ends = "EVENTS", words[1], int(words[2]), words[3:] == ["end"]
    elif words[:1] in (["WATCH"], ["WEBSOCKET"]) and len(words) == 3:
        step.kind, step.watch, step.path = words
    elif words[:1] and words[0] in METHODS and len(words) in (2, 3):
        step.kind, step.method, step.path = "REQUEST", words[0], words[1]
        if len(words) == 3:
            step.headers["Content-Type"] = words[2]
    else:
        raise ScriptError(f"{path}:{number}: expected `METHOD PATH [content type]`, `WATCH NAME PATH`, "
                          f"`WEBSOCKET NAME PATH` or `EVENTS NAME COUNT [end]`, found: {' '.join(block[-1:])[:80]}")
    at += 1
    while at < len(block) and block[at].startswith("@"):
        step.directives.append(block[at][1:].split(None, 1))
        at += 1
    while at < len(block) and (header := re.match(r"([A-Z][A-Za-z-]*): (.*)", block[at])):
        step.headers[header.group(1)] = header.group(2)
        at += 1
    status = next((i for i in range(at, len(block)) if re.fullmatch(r"[1-5]\d\d", block[i])), None)
    try:
        if step.kind == "EVENTS":
            step.head = block[:at]
            if at < len(block):
                step.expected = Expectation(None, {}, layout.parse_all("\n".join(block[at:])))
            return step
        step.head = block[:status]
        step.body = "\n".join(block[at:status])
        if status is not None:
            step.expected = _expectation(block[status:])
    except ValueError as e:
        raise ScriptError(f"{path}:{number}: the expected body is not JSON: {e}") from e
    return step


def _expectation(lines):
    at, headers = 1, {}
    while at < len(lines) and (header := re.match(r"([A-Z][A-Za-z-]*): (.*)", lines[at])):
        headers[header.group(1)] = header.group(2)
        at += 1
    rest = lines[at:]
    if rest and all(line.startswith("|") for line in rest):
        body = "\n".join(line[2:] for line in rest)
    else:
        body = json.loads("\n".join(rest)) if rest else None
    return Expectation(int(lines[0]), headers, body)


def _expected_lines(step):
    expected = step.expected
    if expected is None:
        return []
    if step.kind == "EVENTS":
        return [line for event in expected.body for line in layout.lines(event)]
    lines = [str(expected.status)] + [f"{name}: {value}" for name, value in expected.headers.items()]
    if isinstance(expected.body, str):
        return lines + ["| " + line if line else "|" for line in expected.body.split("\n")]
    return lines + (layout.lines(expected.body) if expected.body is not None else [])
