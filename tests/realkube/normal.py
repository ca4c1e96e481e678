#!/usr/bin/python3
"""YAML documents on standard input as JSON lines in the order of kind and name, to be compared."""
import json
import sys

import yaml

documents = [d for d in yaml.safe_load_all(sys.stdin) if d]
for line in sorted(json.dumps([d["kind"], d["metadata"]["name"], d], sort_keys=True) for d in documents):
    print(line)
