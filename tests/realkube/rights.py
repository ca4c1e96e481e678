#!/usr/bin/python3
"""rights.py ASKED RBAC: holds the rules of RBAC's roles against what was asked for (tests/e2e/api-proxy --record).

Prints what was asked for without a rule, and each rule's verbs that nobody asked for. Ends with 1 where there are any."""
import sys

import yaml

# Only asked by an admission plugin on the API server's side: OwnerReferencesPermissionEnforcement.
ELSEWHERE = "/finalizers"
# For anybody (system:discovery, system:basic-user), or done without where it is forbidden.
FREE = {"patch customresourcedefinitions.apiextensions.k8s.io"}

with open(sys.argv[1], encoding="utf-8") as file:
    asked = set(file.read().split("\n")) - {""} - FREE
given = set()
with open(sys.argv[2], encoding="utf-8") as file:
    for role in yaml.safe_load_all(file):
        for rule in role.get("rules", []):
            for group in rule["apiGroups"]:
                for resource in rule["resources"]:
                    for verb in rule["verbs"]:
                        given.add(f"{verb} {resource}{'.' + group if group else ''}")
given = {right for right in given if not right.split(".")[0].endswith(ELSEWHERE)}
for right in sorted(asked - given):
    print("asked for, and not given:", right)
for right in sorted(given - asked):
    print("given, and not asked for:", right)
sys.exit(1 if asked != given else 0)
