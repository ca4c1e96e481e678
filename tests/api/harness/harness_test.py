"""The harness as a specification: python3 -m unittest discover -s tests/api -p '*_test.py'"""

import json
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import kubeconfig, layout, record, script  # noqa: E402
from harness.template import Unbound, Variables, differences  # noqa: E402


def variables():
    return Variables("spoke-abc", "abc")


class Differences(unittest.TestCase):
    def check(self, expected, actual, *lines, known=None):
        self.assertEqual(differences(expected, actual, known or variables()), list(lines))

    def test_bodies_are_compared_whole(self):
        self.check({"a": 1, "b": [1, 2]}, {"a": 1, "b": [1, 2]})
        self.check({"a": 1}, {"a": 2}, "/a: expected 1, got 2")
        self.check({"a": 1}, {"a/b": 2}, "/a: missing, expected 1", "/a~1b: unexpected, is 2")
        self.check([1], [1, 2], "/1: unexpected, is 2")
        self.check([1, 2], [1], "/1: missing, expected 2")

    def test_types_are_not_confused(self):
        self.check(1, True, "/: expected 1, got true")
        self.check(1, 1.0, "/: expected 1, got 1.0")
        self.check(0, None, "/: expected 0, got null")
        self.check({}, [], "/: expected {}, got []")

    def test_placeholders(self):
        self.check({"a": "{any}", "b": "{optional}"}, {"a": {"x": 1}})
        self.check({"a": "in {ns}: {int} of {id}"}, {"a": "in spoke-abc: 5 of abc"})
        self.check("{time}", "2024-01-02T03:04:05Z")
        self.check("{time}", "yesterday", '/: expected "{time}", got "yesterday"')
        self.check("{unknown} {x*3}", "{unknown} xxx")
        self.check({"{id}/x": 1}, {"abc/x": 1})

    def test_labels_tell_values_apart(self):
        known = variables()
        self.check(["{rv:a}", "{rv:b}", "{rv:a}"], ["5", "6", "5"], known=known)
        self.check("{rv:a}", "6", '/: expected "{rv:a}=5", got "6"', known=known)
        self.check("{rv:c}", "6", '/: expected "{rv:c}", got "6"', known=known)
        self.assertEqual(known.fill("?resourceVersion={rv:b}"), "?resourceVersion=6")
        with self.assertRaises(Unbound):
            known.fill("{uid:never}")

    def test_subsets(self):
        self.check([{"name": "a"}, "..."], [{"name": "z"}, {"name": "a"}])
        self.check([{"name": "a"}, "..."], [{"name": "z"}], ': has no "a"')
        self.check({"a": 1, "...": "..."}, {"a": 1, "b": 2})


class Recording(unittest.TestCase):
    def recorded(self, value, *directives, known=None):
        return record.Recorder(known or variables(), "", False).body(value, [list(d) for d in directives])

    def test_what_differs_between_runs_becomes_a_placeholder(self):
        uid = "6a1b2c3d-0000-4000-8000-000000000000"
        value = {"metadata": {"name": "p-abc", "uid": uid, "resourceVersion": "7",
                              "creationTimestamp": "2001-01-01T00:00:00Z", "managedFields": [{}]},
                 "spec": {"clusterIP": "10.0.0.1", "nodePort": 30001}}
        self.assertEqual(self.recorded(value), {
            "metadata": {"name": "p-{id}", "uid": "{uid:p}", "resourceVersion": "{rv:p}",
                         "creationTimestamp": "2001-01-01T00:00:00Z", "managedFields": "{managedFields}"},
            "spec": {"clusterIP": "{ip}", "nodePort": "{int}"}})

    def test_the_version_of_a_list_is_anybodys(self):
        self.assertEqual(self.recorded({"metadata": {"resourceVersion": "7"}, "items": []}),
                         {"metadata": {"resourceVersion": "{rv}"}, "items": []})

    def test_directives(self):
        self.assertEqual(self.recorded({"a": [{"b": 1}, {"b": 2}]}, ("any", "/a/*/b"), ("optional", "/c")),
                         {"a": [{"b": "{any}"}, {"b": "{any}"}], "c": "{optional}"})
        self.assertEqual(self.recorded({"a": [{"name": "x"}, {"name": "y"}]}, ("only", "/a y")),
                         {"a": [{"name": "y"}, "..."]})

    def test_what_is_recorded_matches_what_it_was_recorded_from(self):
        known = variables()
        value = {"kind": "Status", "message": "no a-abc in spoke-abc: {not a placeholder}", "metadata": {}}
        self.assertEqual(differences(self.recorded(value, known=known), value, known), [])

    def test_two_recordings_that_differ_are_no_expectation(self):
        self.assertEqual(record.merge({"a": "{rv:x}"}, {"a": "{rv:x.2}"}), ({"a": "{rv}"}, []))
        self.assertEqual(record.merge({"a": 1}, {"a": 2})[1], ["/a: 1 once, 2 another time"])
        self.assertEqual(len(record.merge({"a": 1}, {"b": 1})[1]), 1)

    def test_causes_come_in_any_order(self):
        def status(*fields):
            causes = [{"reason": "R", "message": "m", "field": field} for field in fields]
            return {"kind": "Status", "message": "it: [" + ", ".join(f + ": m" for f in fields) + "]",
                    "details": {"causes": causes}}
        self.assertEqual(record.canonical(status("b", "a")), record.canonical(status("a", "b")))


class Files(unittest.TestCase):
    def test_a_script_survives_reading_and_writing(self):
        text = ('# It says why.\n\n'
                '# A note.\nPOST /a text/plain\n@until 404\nAccept: x/y\nbody\n201\nWarning: w\n{"a": 1}\n\n'
                'WATCH w /b\n200\n\nEVENTS w 2 end\n{"type": "ADDED"}\n{"type": "DELETED"}\n\n'
                'GET /c\n200\n| two\n| lines\n')
        with tempfile.NamedTemporaryFile("w+", suffix=".test") as f:
            f.write(text)
            f.flush()
            comment, steps = script.read(f.name)
            self.assertEqual([step.kind for step in steps], ["REQUEST", "WATCH", "EVENTS", "REQUEST"])
            self.assertEqual(steps[0].body, "body")
            self.assertEqual(steps[0].headers, {"Content-Type": "text/plain", "Accept": "x/y"})
            self.assertEqual(steps[3].expected.body, "two\nlines")
            script.write(f.name, comment, steps)
            with open(f.name, encoding="utf-8") as again:
                self.assertEqual(again.read(), text)

    def test_a_line_that_is_no_request_is_named(self):
        with tempfile.NamedTemporaryFile("w+", suffix=".test") as f:
            f.write("# Why.\n\nFETCH /a\n")
            f.flush()
            with self.assertRaisesRegex(script.ScriptError, ":3: expected `METHOD PATH"):
                script.read(f.name)

    def test_layout_keeps_the_value(self):
        value = {"k" * 50: ["v" * 70, {"a": [1, 2.5, None, True] * 20}], "empty": {}, "text": "ü\n" * 40}
        lines = layout.lines(value)
        self.assertEqual(json.loads("\n".join(lines)), value)
        self.assertEqual(layout.parse_all("\n".join(lines * 2)), [value, value])


class Kubeconfig(unittest.TestCase):
    def test_blocks_and_flows(self):
        text = """
apiVersion: v1
clusters:
- name: "a b"
  cluster:
    server: https://[::1]:6443   # a comment
    insecure-skip-tls-verify: true
users: [{name: admin, user: {token: 'it''s', tags: [x, "y: z"]}}]
contexts:
  - context:
      cluster: a b
      user: admin
    name: c
preferences: {}
current-context: c
"""
        self.assertEqual(kubeconfig.parse(text), {
            "apiVersion": "v1",
            "clusters": [{"name": "a b",
                          "cluster": {"server": "https://[::1]:6443", "insecure-skip-tls-verify": True}}],
            "users": [{"name": "admin", "user": {"token": "it's", "tags": ["x", "y: z"]}}],
            "contexts": [{"context": {"cluster": "a b", "user": "admin"}, "name": "c"}],
            "preferences": {}, "current-context": "c"})
        self.assertEqual(kubeconfig.parse('{"a": [1]}'), {"a": [1]})


if __name__ == "__main__":
    unittest.main()
