"""Who waits for whom in an expanded template, and whether any wait for each other."""

import re

VARIABLE = re.compile(r"\$\{([^!][^}]*)\}")


def named(value):
    """The logical ids a part of a resource names: by Ref, Fn::GetAtt and Fn::Sub, in every branch of every Fn::If."""
    if isinstance(value, list):
        for item in value:
            yield from named(item)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key == "Ref":
                yield inner
            elif key == "Fn::GetAtt":
                yield inner[0] if isinstance(inner, list) else inner.split(".")[0]
            elif key == "Fn::Sub":
                text, own = inner if isinstance(inner, list) else (inner, {})
                names = (name.strip().split(".")[0] for name in VARIABLE.findall(text))
                yield from (name for name in names if name not in own)
                yield from named(own)
            else:
                yield from named(inner)


def graph(template):
    """The resources that each resource waits for."""
    resources = template["Resources"]
    waits = {}
    for name, resource in resources.items():
        # UpdatePolicy too: CloudFormation makes the deployment group before the alias that names it there.
        parts = [resource.get(part) for part in ("Properties", "UpdatePolicy", "CreationPolicy", "Metadata")]
        before = resource.get("DependsOn", [])
        before = before if isinstance(before, list) else [before]
        waits[name] = {other for other in [*named(parts), *before] if other in resources}
    return waits


def cycles(template):
    """The groups of resources of which none can be made first (Tarjan's components)."""
    waits = graph(template)
    order, low, stack, found = {}, {}, [], []

    def visit(name):
        order[name] = low[name] = len(order)
        stack.append(name)
        for other in waits[name]:
            if other not in order:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], order[other])
        if low[name] == order[name]:
            group = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(group) > 1 or name in waits[name]:
                found.append(sorted(group))

    for name in waits:
        if name not in order:
            visit(name)
    return sorted(found)


def self_test():
    """Each way to name a resource closes a cycle, and what only looks like one does not."""
    for way in (
        {"Properties": {"A": [{"Ref": "Second"}]}},
        {"Properties": {"A": {"Fn::GetAtt": ["Second", "Arn"]}}},
        {"Properties": {"A": {"Fn::GetAtt": "Second.Arn"}}},
        {"Properties": {"A": {"Fn::Sub": "a ${Second.Arn} b"}}},
        {"Properties": {"A": {"Fn::Sub": ["${b}", {"b": {"Ref": "Second"}}]}}},
        {"Properties": {"A": {"Fn::If": ["Condition", "x", {"Ref": "Second"}]}}},
        {"DependsOn": "Second"},
        {"DependsOn": ["Second"]},
        {"UpdatePolicy": {"A": {"Ref": "Second"}}},
    ):
        resources = {"First": way, "Second": {"Properties": {"A": {"Ref": "First"}}}}
        assert cycles({"Resources": resources}) == [["First", "Second"]], way
    for way in (
        {"Properties": {"A": "Second"}},
        {"Properties": {"A": {"Fn::Sub": "${!Second}"}}},
        {"Properties": {"A": {"Fn::Sub": ["${Second}", {"Second": "x"}]}}},
        {"Condition": "Second"},
    ):
        resources = {"First": way, "Second": {"Properties": {"A": {"Ref": "First"}}}}
        assert cycles({"Resources": resources}) == [], way
