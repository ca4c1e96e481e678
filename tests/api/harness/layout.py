"""JSON as a person reads it: members side by side while they fit, and one step in where they do not."""

import json

WIDTH = 118


def lines(value):
    return _render(value, 0).split("\n")


def parse_all(text):
    """The JSON values that follow each other in `text`."""
    decoder, values, at = json.JSONDecoder(), [], 0
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        values.append(value)
        while at < len(text) and text[at].isspace():
            at += 1
    return values


def _render(value, column, indent=0):
    """`value` from `column` on, in a line that is indented by `indent`."""
    flat = json.dumps(value, ensure_ascii=False)
    if column + len(flat) <= WIDTH or not isinstance(value, (dict, list)) or not value:
        return flat
    if isinstance(value, dict):
        parts = [(json.dumps(key, ensure_ascii=False) + ": ", member) for key, member in value.items()]
    else:
        parts = [("", element) for element in value]
    indent += 2
    text, here = "{" if isinstance(value, dict) else "[", column + 1
    for i, (label, member) in enumerate(parts):
        flat = label + json.dumps(member, ensure_ascii=False)
        if i > 0:
            fits = here + 2 + len(flat) + 2 <= WIDTH  # with room for a comma, or for brackets that close
            text, here = (text + ", ", here + 2) if fits else (text + ",\n" + " " * indent, indent)
        if here + len(flat) + 1 > WIDTH:
            flat = label + _render(member, here + len(label), indent)
        text += flat
        here = len(flat.rsplit("\n", 1)[1]) if "\n" in flat else here + len(flat)
    return text + ("}" if isinstance(value, dict) else "]")
