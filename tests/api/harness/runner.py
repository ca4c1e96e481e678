"""Runs a script against a server, in a namespace of its own, and compares its answers or records them."""

import base64
import os
import random
import string
from http.client import HTTPException
from urllib.parse import quote, urlsplit

from . import record, script
from .template import Unbound, Variables, differences
from .wire import Answer, Caller, wait_until


class Result:
    """Of one step: `problems` is empty when it passed; `answered` is what it got, for the log."""

    def __init__(self, step, problems, answered):
        self.step, self.problems, self.answered = step, problems, answered


class Run:
    """One script against one server, once. Whoever runs it calls clean_up() when no script runs any more: the deletion
    of namespaces is long work for a server, and would slow down scripts that wait for theirs."""

    def __init__(self, server, path, recording=False):
        self.comment, self.steps = script.read(path)
        identity = "t" + "".join(random.choices(string.ascii_lowercase + string.digits, k=7))
        self.variables = Variables("spoke-" + identity, identity)
        self._caller = Caller(server)
        written = "\n".join(line for step in self.steps for line in step.head)
        recorder = record.Recorder(self.variables, written, "@managedFields" in self.comment)
        self._recorder = recorder if recording else None
        self._watches = {}
        self._cluster_scoped = []  # paths of what the script made outside its namespace

    def results(self):
        """The steps' results; in recording, each step's `expected` is replaced."""
        self._make_namespace()
        try:
            return [self._step(step) for step in self.steps]
        finally:
            for watch in self._watches.values():
                watch.close()

    def _step(self, step):
        try:
            if step.kind == "EVENTS":
                got = script.Expectation(None, {}, record.canonical(self._events(step)))
            else:
                got = self._answer(step)
        except (Unbound, OSError, ValueError, HTTPException) as e:
            return Result(step, [f"{type(e).__name__}: {e}"], "")
        answered = self._summary(step, got)
        if self._recorder:
            text = self._recorder.text
            body = text(got.body) if isinstance(got.body, str) else self._recorder.body(got.body, step.directives)
            step.expected = script.Expectation(got.status, {n: text(v) for n, v in got.headers.items()}, body)
            return Result(step, [], answered)
        if step.expected is None:
            return Result(step, ["nothing is expected yet: run --record against a real Kubernetes"], answered)
        return Result(step, self._problems(step.expected, got), answered)

    def _problems(self, expected, got):
        problems = []
        if expected.status != got.status:
            problems.append(f"status: expected {expected.status}, got {got.status}")
        for name in sorted(set(expected.headers) | set(got.headers)):
            want, have = expected.headers.get(name, "(none told)"), got.headers.get(name, "(none told)")
            problems += differences(want, have, self.variables, name)
        return problems + differences(expected.body, got.body, self.variables)

    def _answer(self, step):
        fill = self.variables.fill
        path, body = fill(step.path), fill(step.body).encode() or None
        if ["base64"] in step.directives:
            body = base64.b64decode(body)
        headers = {name: fill(value) for name, value in step.headers.items()}
        directives = {name: argument for name, *rest in step.directives for argument in (rest or [None])}
        identity = {"token": fill(directives["token"]) if "token" in directives else None,
                    "anonymous": "anonymous" in directives}
        if step.kind in ("WATCH", "WEBSOCKET"):
            opened = (self._caller.watch if step.kind == "WATCH" else self._caller.websocket)(path, headers, **identity)
            if not isinstance(opened, Answer):
                self._watches[step.watch] = opened
                return script.Expectation(opened.status, record.headers(opened.headers), None)
            return _as_expectation(opened)
        if body and "Content-Type" not in headers:
            headers["Content-Type"] = "application/json"
        answers = []

        def arrived():
            answers.append(self._caller.send(step.method, path, headers, body, **identity))
            return "until" not in directives or _holds(fill(directives["until"]), answers[-1])
        in_time = wait_until(arrived)
        self._remember(step, path, answers[-1])
        if not in_time:
            raise TimeoutError(f"{directives['until']!r} did not become true; it last was {answers[-1].body[:500]}")
        return _as_expectation(answers[-1])

    def _events(self, step):
        watch, events = self._watches.get(step.watch), []
        if watch is None:
            raise ValueError(f"the watch {step.watch} was not opened")
        while len(events) < step.count or step.ends:
            try:
                event = watch.next()
            except TimeoutError:
                raise TimeoutError(f"{len(events)} of {step.count} events came: {str(events)[:500]}") from None
            if event is None:
                break
            if not _is_passing_bookmark(event):
                events.append(event)
        return events

    def _summary(self, step, got):
        if step.kind == "EVENTS":
            return " ".join(event.get("type", "?") for event in got.body)
        if isinstance(got.body, dict) and got.body.get("kind") == "Status":
            return f"{got.status} {got.body.get('reason', '')}: {got.body.get('message', '')[:200]}"
        return str(got.status)

    # --- around a script ----------------------------------------------------------------------------------------------

    def _make_namespace(self):
        ns = self.variables.values["ns"]
        made = self._own("POST", "/api/v1/namespaces", f'{{"metadata": {{"name": "{ns}"}}}}')
        if made.status != 201:
            raise ConnectionError(f"the server made no namespace {ns}: {made.status} {made.body[:500]}")
        for name in ("serviceaccounts/default", "configmaps/kube-root-ca.crt"):  # which controllers put into each
            if not wait_until(lambda: self._own("GET", f"/api/v1/namespaces/{ns}/{name}").status == 200):
                raise TimeoutError(f"the namespace {ns} has not got its {name}")

    def _remember(self, step, path, answer):
        made = answer.json() if answer.status in (200, 201) and step.method in ("POST", "PUT", "PATCH") else None
        metadata = made.get("metadata") if isinstance(made, dict) else None
        if not isinstance(metadata, dict) or "uid" not in metadata or "namespace" in metadata or "dryRun" in path:
            return
        parts = urlsplit(path).path.split("/")
        at = (3 if parts[1] == "api" else 4)  # /api/v1/nodes, /apis/group/version/nodes
        self._cluster_scoped.append("/".join(parts[:at + 1]) + "/" + quote(metadata["name"]))

    def clean_up(self):
        for path in reversed(list(dict.fromkeys(self._cluster_scoped))):
            left = self._own("DELETE", path).json() or {}
            if left.get("metadata", {}).get("finalizers"):
                self._own("PATCH", path, '{"metadata": {"finalizers": null}}', "application/merge-patch+json")
        self._own("DELETE", "/api/v1/namespaces/" + self.variables.values["ns"])
        self._caller.close()

    def _own(self, method, path, body=None, content_type="application/json"):
        return self._caller.send(method, path, {"Content-Type": content_type}, body)


def run_file(server, path, runs):
    """The results of a script; adds to `runs` what is to be cleaned up."""
    run = Run(server, path)
    runs.append(run)
    return run.results()


def record_file(server, path, runs):
    """Records twice: what does not come out the same both times cannot be expected."""
    first, second = Run(server, path, True), Run(server, path, True)
    runs += [first, second]
    results = first.results()
    for result, again in zip(results, second.results()):
        step, other = result.step, again.step
        result.problems += again.problems
        if step.expected and other.expected:
            merged, unstable = record.merge([step.expected.status, step.expected.headers, step.expected.body],
                                            [other.expected.status, other.expected.headers, other.expected.body])
            step.expected.body = merged[2]
            result.problems += ["not the same twice: " + line for line in unstable]
    script.write(path, first.comment, first.steps)
    return results


def name_of(path):
    return os.path.basename(path).removesuffix(".test")


def _as_expectation(answer):
    body = record.canonical(answer.json())
    if body is None and answer.body:
        body = answer.body.decode(errors="replace").removesuffix("\n")
    return script.Expectation(answer.status, record.headers(answer.headers), body)


def _is_passing_bookmark(event):
    """A server may send bookmarks whenever it likes, save the one that ends the initial events."""
    annotations = event.get("object", {}).get("metadata", {}).get("annotations") or {}
    return event.get("type") == "BOOKMARK" and "k8s.io/initial-events-end" not in annotations


def _holds(condition, answer):
    """`404` is a status; `/status/phase=Active` a member's value, `/status/x` its presence, `!/status/x` its lack."""
    if condition.isdigit():
        return answer.status == int(condition)
    pointer, _, wanted = condition.lstrip("!").partition("=")
    value = answer.json()
    for key in pointer.split("/")[1:]:
        key = key.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list):
            value = value[int(key)] if key.isdigit() and int(key) < len(value) else None
        else:
            value = value.get(key) if isinstance(value, dict) else None
    if condition.startswith("!"):
        return value is None
    return str(value) == wanted if wanted else value is not None
