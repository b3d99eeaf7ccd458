"""What IAM would refuse of an expanded template, or take and never apply."""

import copy
import json

# IAM's limits: the inline policies of a role together, without white space, and managed policies of a role.
INLINE = 10_240
MANAGED = 10

# Names and ARNs are written out by CloudFormation: longer than the reference to them, never longer than this.
NAME = "x" * 100

# The condition keys that each action takes, of those in use (AWS's Service Authorization Reference). With another
# key a statement is accepted, and allows nothing or everything.
ITEMS = {"dynamodb:LeadingKeys", "dynamodb:Attributes"}
READS = ITEMS | {"dynamodb:Select"}
CONDITION_KEYS = {
    "dynamodb:BatchGetItem": READS,
    "dynamodb:BatchWriteItem": ITEMS,
    "dynamodb:ConditionCheckItem": ITEMS,
    "dynamodb:DeleteItem": ITEMS,
    "dynamodb:GetItem": READS,
    "dynamodb:PutItem": ITEMS,
    "dynamodb:Query": READS,
    "dynamodb:UpdateItem": ITEMS,
    "events:PutEvents": set(),
    "lambda:InvokeFunction": set(),
    "s3:ListBucket": set(),
    "s3:PutObject": set(),
    "secretsmanager:GetSecretValue": set(),
    "ses:SendEmail": {"ses:FromAddress"},
    "sqs:SendMessage": set(),
}

# What the actions of a service are about.
KINDS = {
    "dynamodb": {"AWS::DynamoDB::Table"},
    "events": {"AWS::Events::EventBus"},
    "lambda": {"AWS::Lambda::Function", "AWS::Lambda::Alias"},
    "s3": {"AWS::S3::Bucket"},
    "secretsmanager": {"AWS::SecretsManager::Secret"},
    "ses": {"AWS::SES::ConfigurationSet"},
    "sqs": {"AWS::SQS::Queue"},
}


def listed(value):
    return value if isinstance(value, list) else [value]


def possible(policies):
    """The policies of a role, those too that depend on a condition."""
    for policy in policies:
        for branch in policy["Fn::If"][1:] if "Fn::If" in policy else [policy]:
            if branch != {"Ref": "AWS::NoValue"}:
                yield branch


def written(value):
    """The value with something for each reference, as long as what CloudFormation writes there can be."""
    if isinstance(value, list):
        return [written(item) for item in value]
    if isinstance(value, dict):
        if len(value) == 1 and (key := next(iter(value))) and (key == "Ref" or key.startswith("Fn::")):
            return NAME + json.dumps(value[key]) if key == "Fn::Sub" else NAME
        return {key: written(inner) for key, inner in value.items()}
    return value


def statement_faults(statement, resources):
    """What is wrong with one statement of a role."""
    from references import named

    actions = listed(statement["Action"])
    for action in actions:
        if action not in CONDITION_KEYS:
            yield f"{action} is not in .ci/policies.py"
            continue
        keys = {key for operator in statement.get("Condition", {}).values() for key in operator}
        for key in sorted(keys - CONDITION_KEYS[action]):
            if not key.startswith("aws:"):
                yield f"{action} takes no {key}"
        for name in named(statement["Resource"]):
            kind = resources.get(name, {}).get("Type")
            if kind and kind not in KINDS[action.split(":")[0]]:
                yield f"{action} is not for {name}, {kind}"
    if statement["Effect"] == "Allow" and "*" in listed(statement["Resource"]):
        yield f"{', '.join(actions)} on everything"


def faults(template):
    """What is wrong with the roles of the template."""
    resources = template["Resources"]
    found = []
    for name, resource in resources.items():
        if resource["Type"] != "AWS::IAM::Role":
            continue
        properties = resource["Properties"]
        inline = list(possible(properties.get("Policies", [])))
        size = sum(len(json.dumps(written(policy["PolicyDocument"]), separators=(",", ":"))) for policy in inline)
        if size > INLINE:
            found.append(f"{name}: {size} bytes of inline policies, and IAM takes {INLINE}")
        managed = properties.get("ManagedPolicyArns", [])
        if len(managed) > MANAGED:
            found.append(f"{name}: {len(managed)} managed policies, and IAM takes {MANAGED}")
        for policy in inline:
            for statement in listed(policy["PolicyDocument"]["Statement"]):
                found += [f"{name}: {fault}" for fault in statement_faults(statement, resources)]
    return found


def self_test(template):
    """Each fault that is looked for is found."""
    assert faults(template) == [], faults(template)

    def broken(change):
        other = copy.deepcopy(template)
        properties = other["Resources"]["GetUserFunctionRole"]["Properties"]
        change(properties, properties["Policies"][0]["PolicyDocument"]["Statement"][0])
        return "\n".join(faults(other))

    assert "dynamodb:Sing is not in" in broken(lambda _, statement: statement.update(Action="dynamodb:Sing"))
    keyless = {"Action": "secretsmanager:GetSecretValue", "Resource": {"Ref": "MailSecret"}}
    assert "takes no dynamodb:LeadingKeys" in broken(lambda _, statement: statement.update(keyless))
    other = {"Resource": {"Fn::GetAtt": ["FailedRecords", "Arn"]}}
    assert "is not for FailedRecords" in broken(lambda _, statement: statement.update(other))
    assert "on everything" in broken(lambda _, statement: statement.update(Resource="*"))
    assert "managed policies" in broken(lambda role, _: role.update(ManagedPolicyArns=["x"] * (MANAGED + 1)))
    assert "bytes of inline" in broken(lambda role, _: role["Policies"].extend(role["Policies"] * 20))

    def conditional(role, statement):
        statement.update(Resource="*")
        role["Policies"] = [{"Fn::If": ["HasMfa", role["Policies"][0], {"Ref": "AWS::NoValue"}]}]

    assert "on everything" in broken(conditional)
