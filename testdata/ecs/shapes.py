"""Derives `src/backend/ecs/shape.txt` from botocore's JSON models (pip install botocore).

The facts alone: which members a request has, of which type, which are required, the words of enums, the limits of
lists and numbers. Run: python testdata/ecs/shapes.py > src/backend/ecs/shape.txt
"""

import botocore.session

# What is made, by which operation.
OPERATIONS = [
    ("ecs:TaskDefinition", "ecs", "RegisterTaskDefinition"),
    ("ecs:Service", "ecs", "CreateService"),
    ("ecs:RunTask", "ecs", "RunTask"),
    ("ecs:DaemonTaskDefinition", "ecs", "RegisterDaemonTaskDefinition"),
    ("ecs:Daemon", "ecs", "CreateDaemon"),
    ("scheduler:Schedule", "scheduler", "CreateSchedule"),
    ("events:Rule", "events", "PutRule"),
    ("events:Targets", "events", "PutTargets"),
    ("application-autoscaling:ScalableTarget", "application-autoscaling", "RegisterScalableTarget"),
    ("application-autoscaling:ScalingPolicy", "application-autoscaling", "PutScalingPolicy"),
    ("application-autoscaling:ScheduledAction", "application-autoscaling", "PutScheduledAction"),
    ("elbv2:TargetGroup", "elbv2", "CreateTargetGroup"),
    ("elbv2:ListenerRule", "elbv2", "CreateRule"),
    ("elbv2:Listener", "elbv2", "CreateListener"),
    ("servicediscovery:Service", "servicediscovery", "CreateService"),
    ("logs:LogGroup", "logs", "CreateLogGroup"),
    ("states:StateMachine", "stepfunctions", "CreateStateMachine"),
    ("secretsmanager:Secret", "secretsmanager", "CreateSecret"),
    ("ssm:Parameter", "ssm", "PutParameter"),
]

PLAIN = {"string": "s", "integer": "i", "long": "i", "double": "d", "float": "d", "boolean": "b", "timestamp": "t", "blob": "s"}


def limits(shape):
    low, high = (shape.metadata.get(name) for name in ("min", "max"))
    if low is None and high is None:
        return ""
    return f"({'' if low is None else low}..{'' if high is None else high})"


def main():
    session = botocore.session.get_session()
    print(f"# Derived by testdata/ecs/shapes.py from botocore {botocore.__version__}; facts of the AWS API.")
    done, lines = set(), []

    def name(service, shape):
        kind = shape.type_name
        if kind == "string" and shape.enum:
            visit(service, shape)
            return f"{service}.{shape.name}"
        if kind in PLAIN:
            return PLAIN[kind] + (limits(shape) if kind != "string" and kind != "blob" else "")
        visit(service, shape)
        return f"{service}.{shape.name}"

    def visit(service, shape):
        key = (service, shape.name)
        if key in done:
            return
        done.add(key)
        at = len(lines)
        lines.append("")
        kind = shape.type_name
        if kind == "structure":
            if shape.metadata.get("document"):
                lines[at] = f"{service}.{shape.name}\tany"
                return
            members = [
                f"{member}{'!' if member in shape.required_members else ''}={name(service, target)}"
                for member, target in shape.members.items()
            ]
            lines[at] = f"{service}.{shape.name}\tstruct {' '.join(members)}"
        elif kind == "list":
            lines[at] = f"{service}.{shape.name}\tlist{limits(shape)} {name(service, shape.member)}"
        elif kind == "map":
            lines[at] = f"{service}.{shape.name}\tmap {name(service, shape.value)}"
        else:
            lines[at] = f"{service}.{shape.name}\tenum {' '.join(shape.enum)}"

    for kind, service, operation in OPERATIONS:
        model = session.get_service_model(service)
        if operation not in model.operation_names:
            continue
        shape = model.operation_model(operation).input_shape
        visit(service, shape)
        print(f"{kind}\trequest {service}.{shape.name}")
    print("\n".join(lines))


main()
