"""The action types: which exist on AWS, and of those that are carried out here what they take.

An action of a type that AWS has and nobody carries out here is refused when the pipeline is created
or updated, so that no execution gets stuck in the middle.
"""

from dataclasses import dataclass

from emulation.services.codepipeline.store import Members

Key = tuple[str, str]
"""Category and provider."""

HOUR = 60


@dataclass(frozen=True, slots=True)
class ActionType:
    """What an action of a type takes: numbers of artifacts, configuration, minutes."""

    inputs: tuple[int, int]
    outputs: tuple[int, int]
    required: tuple[str, ...]
    optional: tuple[str, ...]
    minutes: int
    """How long it may take where the action says nothing; AWS's quotas."""


BUILD = ActionType(
    (1, 5),
    (0, 5),
    ("ProjectName",),
    ("PrimarySource", "BatchEnabled", "CombineArtifacts", "EnvironmentVariables"),
    8 * HOUR,
)
CLOUDFORMATION = ActionType(
    (0, 10),
    (0, 1),
    ("ActionMode", "StackName"),
    (
        "Capabilities",
        "ChangeSetName",
        "OutputFileName",
        "ParameterOverrides",
        "RoleArn",
        "TemplateConfiguration",
        "TemplatePath",
    ),
    3 * 24 * HOUR,
)

TYPES: dict[Key, ActionType] = {
    ("Source", "S3"): ActionType(
        (0, 0),
        (1, 1),
        ("S3Bucket", "S3ObjectKey"),
        ("PollForSourceChanges", "AllowOverrideForS3ObjectKey"),
        HOUR,
    ),
    ("Build", "CodeBuild"): BUILD,
    ("Test", "CodeBuild"): BUILD,
    ("Deploy", "CloudFormation"): CLOUDFORMATION,
    ("Deploy", "ECS"): ActionType(
        (1, 1),
        (0, 0),
        ("ClusterName", "ServiceName"),
        ("FileName", "DeploymentTimeout"),
        HOUR,
    ),
    ("Deploy", "S3"): ActionType(
        (1, 1),
        (0, 0),
        ("BucketName", "Extract"),
        ("ObjectKey", "KMSEncryptionKeyARN", "CannedACL", "CacheControl"),
        90,
    ),
    ("Approval", "Manual"): ActionType(
        (0, 0),
        (0, 0),
        (),
        ("NotificationArn", "CustomData", "ExternalEntityLink"),
        7 * 24 * HOUR,
    ),
    ("Invoke", "Lambda"): ActionType(
        (0, 5), (0, 5), ("FunctionName",), ("UserParameters",), 24 * HOUR
    ),
    ("Invoke", "StepFunctions"): ActionType(
        (0, 1),
        (0, 1),
        ("StateMachineArn",),
        ("ExecutionNamePrefix", "InputType", "Input"),
        7 * 24 * HOUR,
    ),
}
"""Those of the owner AWS, in version 1, that are carried out."""

OTHERS: set[Key] = {
    ("Source", "CodeCommit"),
    ("Source", "CodeStarSourceConnection"),
    ("Source", "ECR"),
    ("Build", "ECRBuildAndPublish"),
    ("Build", "Commands"),
    ("Compute", "Commands"),
    ("Test", "DeviceFarm"),
    ("Deploy", "AppConfig"),
    ("Deploy", "CloudFormationStackInstances"),
    ("Deploy", "CloudFormationStackSet"),
    ("Deploy", "CodeDeploy"),
    ("Deploy", "CodeDeployToECS"),
    ("Deploy", "EC2"),
    ("Deploy", "EKS"),
    ("Deploy", "ElasticBeanstalk"),
    ("Deploy", "Lambda"),
    ("Deploy", "OpsWorks"),
    ("Deploy", "ServiceCatalog"),
    ("Invoke", "CodePipeline"),
    ("Invoke", "InspectorScan"),
}
"""Those that AWS has besides."""


def key_of(action: Members) -> Key:
    """The type of an action."""
    kind = action["actionTypeId"]
    return kind["category"], kind["provider"]


def told(key: Key) -> Members:
    """A type, as ListActionTypes tells it."""
    kind = TYPES[key]
    names = [(name, True) for name in kind.required] + [(name, False) for name in kind.optional]
    return {
        "id": identifier(key),
        "settings": {},
        "actionConfigurationProperties": [
            {"name": name, "required": required, "key": True, "secret": False, "queryable": False}
            for name, required in names
        ],
        "inputArtifactDetails": counts(kind.inputs),
        "outputArtifactDetails": counts(kind.outputs),
    }


def identifier(key: Key) -> dict[str, str]:
    """A type's names."""
    category, provider = key
    return {"category": category, "owner": "AWS", "provider": provider, "version": "1"}


def counts(bounds: tuple[int, int]) -> dict[str, int]:
    """So many artifacts."""
    return {"minimumCount": bounds[0], "maximumCount": bounds[1]}
