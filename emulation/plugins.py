"""Every LocalStack registration, one short function or line each.

`pyproject.toml` names them as entry points.

Imports of the services stand inside the functions, so that nothing loads before its first request.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from localstack.runtime import hooks
from localstack.runtime.server.core import RuntimeServer, RuntimeServerPlugin
from localstack.services.cloudformation.resource_provider import (
    CloudFormationResourceProviderPlugin,
)
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.plugins import Service, aws_provider
from plux import PluginSpec


def load(reference: str) -> Any:
    """The object that `package.module:Name` refers to."""
    module, name = reference.split(":")
    return getattr(import_module(module), name)


def serve(reference: str) -> Service:
    """A service of ours, from its provider class."""
    return Service.for_provider(load(reference)())


@aws_provider(api="kinesis", name="terrarium")
def kinesis() -> Service:
    """Kinesis Data Streams, in process."""
    return serve("emulation.services.kinesis.provider:KinesisProvider")


@aws_provider(api="s3", name="terrarium")
def s3() -> Service:
    """S3, on storage that survives a kill."""
    return serve("emulation.services.s3.provider:DurableS3Provider")


@aws_provider(api="glue")
def glue() -> Service:
    """Glue: catalog, crawlers, Spark jobs."""
    return serve("emulation.services.glue.provider:GlueProvider")


@aws_provider(api="redshift", name="terrarium")
def redshift() -> Service:
    """Redshift clusters: refused by name, where LocalStack keeps records that compute nothing."""
    return serve("emulation.services.redshift.provider:RedshiftProvider")


@aws_provider(api="redshift-serverless")
def redshift_serverless() -> Service:
    """Redshift Serverless: namespaces and workgroups."""
    return serve("emulation.services.redshift_serverless.provider:RedshiftServerlessProvider")


@aws_provider(api="redshift-data")
def redshift_data() -> Service:
    """The Redshift Data API."""
    return serve("emulation.services.redshift_data.provider:RedshiftDataProvider")


@aws_provider(api="sagemaker")
def sagemaker() -> Service:
    """SageMaker: training, models, endpoints."""
    return serve("emulation.services.sagemaker.provider:SageMakerProvider")


@aws_provider(api="sagemaker-runtime")
def sagemaker_runtime() -> Service:
    """SageMaker's InvokeEndpoint."""
    return serve("emulation.services.sagemaker_runtime.provider:SageMakerRuntimeProvider")


@aws_provider(api="autoscaling")
def autoscaling() -> Service:
    """Auto Scaling: groups of EC2 instances."""
    return serve("emulation.services.autoscaling.provider:AutoScalingProvider")


@aws_provider(api="dynamodb", name="terrarium")
def dynamodb() -> Service:
    """DynamoDB, on AWS's own engine."""
    return serve("emulation.services.dynamodb.provider:DynamoDbProvider")


@aws_provider(api="dynamodbstreams", name="terrarium")
def dynamodbstreams() -> Service:
    """The streams of DynamoDB's tables."""
    return serve("emulation.services.dynamodb.provider:DynamoDbStreamsProvider")


@aws_provider(api="ec2", name="terrarium")
def ec2() -> Service:
    """EC2: instances that are processes, on LocalStack's records of networks."""
    provider = load("emulation.services.ec2.provider:InstancesProvider")()
    dispatcher = load("localstack.services.moto:MotoFallbackDispatcher")
    return Service.for_provider(provider, dispatch_table_factory=dispatcher)


@aws_provider(api="codebuild")
def codebuild() -> Service:
    """CodeBuild: builds that are processes."""
    return serve("emulation.services.codebuild.provider:CodeBuildProvider")


@aws_provider(api="codepipeline")
def codepipeline() -> Service:
    """CodePipeline: pipelines, executions, actions."""
    return serve("emulation.services.codepipeline.provider:CodePipelineProvider")


@aws_provider(api="cloudwatch", name="terrarium")
def cloudwatch() -> Service:
    """CloudWatch: metrics, alarms, dashboards that are drawn."""
    return serve("emulation.services.cloudwatch.provider:CloudWatchProvider")


@aws_provider(api="logs", name="terrarium")
def logs() -> Service:
    """CloudWatch Logs, on files."""
    return serve("emulation.services.logs.provider:LogsProvider")


@aws_provider(api="events", name="terrarium")
def events() -> Service:
    """EventBridge: rules and schedules to every service here."""
    return serve("emulation.services.events.provider:EventsProvider")


@aws_provider(api="scheduler", name="terrarium")
def scheduler() -> Service:
    """EventBridge Scheduler: schedules that fire."""
    return serve("emulation.services.scheduler.provider:SchedulerProvider")


@aws_provider(api="apigateway", name="terrarium")
def apigateway() -> Service:
    """API Gateway: REST APIs, with keys and quotas that refuse."""
    provider = load("emulation.services.apigateway.provider:ApiGatewayProvider")()
    dispatcher = load("localstack.services.moto:MotoFallbackDispatcher")
    return Service.for_provider(provider, dispatch_table_factory=dispatcher)


@aws_provider(api="application-autoscaling")
def application_autoscaling() -> Service:
    """Application Auto Scaling: targets that follow their metrics."""
    return serve(
        "emulation.services.application_autoscaling.provider:ApplicationAutoScalingProvider"
    )


@aws_provider(api="ecr")
def ecr() -> Service:
    """ECR: repositories and the registry behind them."""
    return serve("emulation.services.ecr.provider:EcrProvider")


@aws_provider(api="ecs")
def ecs() -> Service:
    """ECS: tasks that are processes."""
    return serve("emulation.services.ecs.provider:EcsProvider")


@aws_provider(api="elbv2")
def elbv2() -> Service:
    """Elastic Load Balancing: balancers with a data plane."""
    return serve("emulation.services.elbv2.provider:Elbv2Provider")


@aws_provider(api="emr")
def emr() -> Service:
    """EMR: clusters with steps."""
    return serve("emulation.services.emr.provider:EmrProvider")


@aws_provider(api="emr-serverless")
def emr_serverless() -> Service:
    """EMR Serverless: applications and job runs."""
    return serve("emulation.services.emr_serverless.provider:EmrServerlessProvider")


@aws_provider(api="glacier")
def glacier() -> Service:
    """Glacier: vaults and their archives."""
    return serve("emulation.services.glacier.provider:GlacierProvider")


@aws_provider(api="quicksight")
def quicksight() -> Service:
    """QuickSight: data sets and dashboards that are drawn."""
    return serve("emulation.services.quicksight.provider:QuickSightProvider")


def resource_type(name: str, reference: str) -> PluginSpec:
    """A CloudFormation resource type, computed by the class that `reference` names."""

    class ResourceTypePlugin(CloudFormationResourceProviderPlugin):
        """Loads the class when a template first uses the type."""

        factory: Any = None

        def load(self) -> None:
            self.factory = load(reference)

    ResourceTypePlugin.name = name
    return PluginSpec(CloudFormationResourceProviderPlugin.namespace, name, ResourceTypePlugin)


def _types(family: str, module: str) -> Callable[[str], PluginSpec]:
    """The resource types of one family: `NounResource` in the module computes `Family::Noun`."""
    return lambda noun: resource_type(
        f"AWS::{family}::{noun}", f"emulation.services.{module}:{noun}Resource"
    )


_apigateway = _types("ApiGateway", "apigateway.resources")
_application_autoscaling = _types("ApplicationAutoScaling", "application_autoscaling.resources")
_ecs = _types("ECS", "ecs.resources")
_elbv2 = _types("ElasticLoadBalancingV2", "elbv2.resources")
_emr = _types("EMR", "emr.resources")
_quicksight = _types("QuickSight", "quicksight.resources")
_glue = _types("Glue", "glue.resources")
_redshift_serverless = _types("RedshiftServerless", "redshift_serverless.resources")
_sagemaker = _types("SageMaker", "sagemaker.resources")
_codebuild = _types("CodeBuild", "codebuild.resources")
_registry = _types("SageMaker", "sagemaker.registry_resources")
_monitoring = _types("SageMaker", "sagemaker.monitoring_resources")
_logs = _types("Logs", "logs.resources")

kinesis_resource_policy = resource_type(
    "AWS::Kinesis::ResourcePolicy", "emulation.services.kinesis.resources:ResourcePolicyResource"
)
launch_template = resource_type(
    "AWS::EC2::LaunchTemplate", "emulation.services.ec2.resources:LaunchTemplateResource"
)
security_group_ingress = resource_type(
    "AWS::EC2::SecurityGroupIngress",
    "emulation.services.ec2.group_rules:SecurityGroupIngressResource",
)
security_group_egress = resource_type(
    "AWS::EC2::SecurityGroupEgress",
    "emulation.services.ec2.group_rules:SecurityGroupEgressResource",
)
auto_scaling_group = resource_type(
    "AWS::AutoScaling::AutoScalingGroup",
    "emulation.services.autoscaling.resources:AutoScalingGroupResource",
)
glue_database = _glue("Database")
glue_table = _glue("Table")
glue_crawler = _glue("Crawler")
glue_job = _glue("Job")
redshift_serverless_namespace = _redshift_serverless("Namespace")
redshift_serverless_workgroup = _redshift_serverless("Workgroup")
sagemaker_model = _sagemaker("Model")
sagemaker_endpoint_config = _sagemaker("EndpointConfig")
sagemaker_endpoint = _sagemaker("Endpoint")
sagemaker_model_package_group = _registry("ModelPackageGroup")
sagemaker_model_package = _registry("ModelPackage")
sagemaker_processing_job = _monitoring("ProcessingJob")
sagemaker_monitoring_schedule = _monitoring("MonitoringSchedule")
sagemaker_data_quality_job_definition = _monitoring("DataQualityJobDefinition")
sagemaker_model_quality_job_definition = _monitoring("ModelQualityJobDefinition")
sagemaker_model_bias_job_definition = _monitoring("ModelBiasJobDefinition")
sagemaker_model_explainability_job_definition = _monitoring("ModelExplainabilityJobDefinition")
codebuild_project = _codebuild("Project")
codebuild_report_group = _codebuild("ReportGroup")
codepipeline_pipeline = resource_type(
    "AWS::CodePipeline::Pipeline", "emulation.services.codepipeline.resources:PipelineResource"
)
cloudwatch_dashboard = resource_type(
    "AWS::CloudWatch::Dashboard", "emulation.services.cloudwatch.resources:DashboardResource"
)
logs_metric_filter = _logs("MetricFilter")
logs_query_definition = _logs("QueryDefinition")
apigateway_authorizer = _apigateway("Authorizer")
apigateway_vpc_link = _apigateway("VpcLink")
scalable_target = _application_autoscaling("ScalableTarget")
scaling_policy = _application_autoscaling("ScalingPolicy")
ecs_cluster = _ecs("Cluster")
ecs_service = _ecs("Service")
ecs_task_definition = _ecs("TaskDefinition")
elbv2_listener = _elbv2("Listener")
elbv2_listener_rule = _elbv2("ListenerRule")
elbv2_load_balancer = _elbv2("LoadBalancer")
elbv2_target_group = _elbv2("TargetGroup")
emr_cluster = _emr("Cluster")
emr_step = _emr("Step")
emr_serverless_application = resource_type(
    "AWS::EMRServerless::Application",
    "emulation.services.emr_serverless.resources:ApplicationResource",
)
quicksight_analysis = _quicksight("Analysis")
quicksight_dashboard = _quicksight("Dashboard")
quicksight_data_set = _quicksight("DataSet")
quicksight_data_source = _quicksight("DataSource")
quicksight_refresh_schedule = _quicksight("RefreshSchedule")


class LambdaProcessExecutorPlugin(RuntimeExecutorPlugin):
    """Lambda functions run as processes, not as containers."""

    name = "process"

    def load(self, *_: object, **__: object) -> Any:
        """The executor class."""
        return load("emulation.services.lambda_.executor:ProcessRuntimeExecutor")


class LocalServerPlugin(RuntimeServerPlugin):
    """The gateway's server, on loopback."""

    name = "terrarium"

    def load(self, *_: object, **__: object) -> RuntimeServer:
        """The server."""
        server: RuntimeServer = load("emulation.front.server:LocalRuntimeServer")()
        return server


lambda_process_executor = LambdaProcessExecutorPlugin
local_server = LocalServerPlugin


@hooks.on_infra_start(priority=10)
def be_strict() -> None:
    """Turn LocalStack's remaining false successes into refusals, before any service starts."""
    load("emulation.strictness:apply")()


@hooks.on_infra_start()
def load_state() -> None:
    """Go on where the last run stopped."""
    load("emulation.state:load_state")()


@hooks.on_infra_start()
def serve_pages() -> None:
    """The pages of the gateway itself."""
    load("emulation.services.cloudwatch.pages:add_routes")()
    load("emulation.services.quicksight.pages:add_routes")()
    load("emulation.services.ecr.routes:add_routes")()
    load("emulation.services.clock:add_routes")()


@hooks.on_infra_shutdown(priority=10)
def stop_processes() -> None:
    """End every child before the state is saved, so that the state is at rest."""
    options = load("emulation.settings:settings")()
    load("emulation.compute.processes:SUPERVISOR").stop_all(options.stop_seconds)


@hooks.on_infra_shutdown()
def save_state() -> None:
    """Keep the state of LocalStack's own services for the next run."""
    load("emulation.state:save_state")()
