"""Who carries out which type of action."""

from emulation.services.codepipeline.action_types import Key, key_of
from emulation.services.codepipeline.build_codebuild import CodeBuildProvider
from emulation.services.codepipeline.deploy_cloudformation import CloudFormationProvider
from emulation.services.codepipeline.deploy_ecs import EcsDeployProvider
from emulation.services.codepipeline.deploy_s3 import S3DeployProvider
from emulation.services.codepipeline.invoke_lambda import LambdaProvider
from emulation.services.codepipeline.invoke_step_functions import StepFunctionsProvider
from emulation.services.codepipeline.manual_approval import ApprovalProvider
from emulation.services.codepipeline.source_s3 import S3SourceProvider
from emulation.services.codepipeline.store import Members
from emulation.services.codepipeline.tasks import Provider

PROVIDERS: dict[Key, Provider] = {
    ("Source", "S3"): S3SourceProvider(),
    ("Build", "CodeBuild"): CodeBuildProvider(),
    ("Test", "CodeBuild"): CodeBuildProvider(),
    ("Deploy", "CloudFormation"): CloudFormationProvider(),
    ("Deploy", "ECS"): EcsDeployProvider(),
    ("Deploy", "S3"): S3DeployProvider(),
    ("Approval", "Manual"): ApprovalProvider(),
    ("Invoke", "Lambda"): LambdaProvider(),
    ("Invoke", "StepFunctions"): StepFunctionsProvider(),
}


def of(action: Members) -> Provider:
    """The provider of an action."""
    return PROVIDERS[key_of(action)]
