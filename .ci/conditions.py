"""What a stack creates: the resources and routes whose conditions hold with given parameters."""


def _value(template, parameters, node):
    """Whether a condition holds, or what an operand of one is."""
    if not isinstance(node, dict):
        return node
    (kind, of), = node.items()
    match kind:
        case "Ref":
            default = template["Parameters"][of].get("Default")
            return str(parameters.get(of, default))
        case "Condition":
            return _value(template, parameters, template["Conditions"][of])
        case "Fn::Equals":
            one, other = (_value(template, parameters, each) for each in of)
            return str(one) == str(other)
        case "Fn::Not":
            return not _value(template, parameters, of[0])
        case "Fn::And":
            return all(_value(template, parameters, each) for each in of)
        case "Fn::Or":
            return any(_value(template, parameters, each) for each in of)
    raise ValueError(f"a condition of {kind}")


def holds(template, parameters, name):
    """Whether a condition holds."""
    return _value(template, parameters, {"Condition": name})


def created(template, parameters):
    """The resources that are created, and how many routes the API has."""
    resources = [
        name
        for name, resource in template["Resources"].items()
        if "Condition" not in resource or holds(template, parameters, resource["Condition"])
    ]
    routes = 0
    for methods in template["Resources"]["Api"]["Properties"]["Body"]["paths"].values():
        if "Fn::If" in methods:
            condition, then, otherwise = methods["Fn::If"]
            methods = then if holds(template, parameters, condition) else otherwise
        if methods != {"Ref": "AWS::NoValue"}:
            routes += len(methods)
    return resources, routes
