"""SageMaker's wire: the table of its operations, and what happens when its state is loaded."""

from localstack.services.plugins import ServiceLifecycleHook
from localstack.state import StateVisitor

from emulation.services.sagemaker import (
    endpoint_configs,
    endpoints,
    folders,
    model_package_groups,
    model_packages,
    models,
    processing_jobs,
    search,
    tags,
    training_jobs,
)
from emulation.services.sagemaker.monitoring_clock import CLOCK
from emulation.services.sagemaker.monitoring_operations import MonitoringOperations
from emulation.services.sagemaker.operations import by_name, operation
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.store import STORES


class SageMakerProvider(MonitoringOperations, ServiceLifecycleHook):
    """The operations that compute; all others are refused by name."""

    service = "sagemaker"

    create_training_job = operation("CreateTrainingJob", training_jobs.create)
    describe_training_job = operation(
        "DescribeTrainingJob", by_name("TrainingJobName", training_jobs.describe)
    )
    list_training_jobs = operation("ListTrainingJobs", training_jobs.list_jobs)
    stop_training_job = operation("StopTrainingJob", by_name("TrainingJobName", training_jobs.stop))

    create_processing_job = operation("CreateProcessingJob", processing_jobs.create)
    describe_processing_job = operation(
        "DescribeProcessingJob", by_name("ProcessingJobName", processing_jobs.describe)
    )
    list_processing_jobs = operation("ListProcessingJobs", processing_jobs.list_jobs)
    stop_processing_job = operation(
        "StopProcessingJob", by_name("ProcessingJobName", processing_jobs.stop)
    )
    delete_processing_job = operation(
        "DeleteProcessingJob", by_name("ProcessingJobName", processing_jobs.delete)
    )

    create_model = operation("CreateModel", models.create)
    describe_model = operation("DescribeModel", by_name("ModelName", models.describe))
    list_models = operation("ListModels", models.list_models)
    delete_model = operation("DeleteModel", by_name("ModelName", models.delete))

    create_model_package_group = operation("CreateModelPackageGroup", model_package_groups.create)
    describe_model_package_group = operation(
        "DescribeModelPackageGroup", by_name("ModelPackageGroupName", model_package_groups.describe)
    )
    list_model_package_groups = operation(
        "ListModelPackageGroups", model_package_groups.list_groups
    )
    delete_model_package_group = operation(
        "DeleteModelPackageGroup", by_name("ModelPackageGroupName", model_package_groups.delete)
    )
    put_model_package_group_policy = operation(
        "PutModelPackageGroupPolicy", model_package_groups.put_policy
    )
    get_model_package_group_policy = operation(
        "GetModelPackageGroupPolicy",
        by_name("ModelPackageGroupName", model_package_groups.get_policy),
    )
    delete_model_package_group_policy = operation(
        "DeleteModelPackageGroupPolicy",
        by_name("ModelPackageGroupName", model_package_groups.delete_policy),
    )

    create_model_package = operation("CreateModelPackage", model_packages.create)
    describe_model_package = operation(
        "DescribeModelPackage", by_name("ModelPackageName", model_packages.describe)
    )
    batch_describe_model_package = operation(
        "BatchDescribeModelPackage", model_packages.batch_describe
    )
    list_model_packages = operation("ListModelPackages", model_packages.list_packages)
    update_model_package = operation("UpdateModelPackage", model_packages.update)
    delete_model_package = operation(
        "DeleteModelPackage", by_name("ModelPackageName", model_packages.delete)
    )

    create_endpoint_config = operation("CreateEndpointConfig", endpoint_configs.create)
    describe_endpoint_config = operation(
        "DescribeEndpointConfig", by_name("EndpointConfigName", endpoint_configs.describe)
    )
    list_endpoint_configs = operation("ListEndpointConfigs", endpoint_configs.list_configs)
    delete_endpoint_config = operation(
        "DeleteEndpointConfig", by_name("EndpointConfigName", endpoint_configs.delete)
    )

    create_endpoint = operation("CreateEndpoint", endpoints.create)
    describe_endpoint = operation("DescribeEndpoint", by_name("EndpointName", endpoints.describe))
    list_endpoints = operation("ListEndpoints", endpoints.list_endpoints)
    update_endpoint = operation("UpdateEndpoint", endpoints.update)
    update_endpoint_weights_and_capacities = operation(
        "UpdateEndpointWeightsAndCapacities", endpoints.update_weights_and_capacities
    )
    delete_endpoint = operation("DeleteEndpoint", by_name("EndpointName", endpoints.delete))

    search = operation("Search", search.search)

    add_tags = operation("AddTags", tags.add_tags)
    list_tags = operation("ListTags", tags.list_tags)
    delete_tags = operation("DeleteTags", tags.delete_tags)

    def accept_state_visitor(self, visitor: StateVisitor) -> None:
        """Show the state to whoever saves or loads it."""
        visitor.visit(STORES)

    def on_after_state_load(self) -> None:
        """Jobs that ran have failed; endpoints start their servers again."""
        folders.clear()
        for account, regions in STORES.items():
            for region, store in regions.items():
                scope = Scope(account, region)
                training_jobs.fail_interrupted(scope, list(store.training_jobs.values()))
                processing_jobs.fail_interrupted(scope, list(store.processing_jobs.values()))
                for endpoint in list(store.endpoints.values()):
                    endpoints.restore(scope, endpoint)
        CLOCK.wake()
