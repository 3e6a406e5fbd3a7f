"""The operations of monitoring: the four kinds of definitions, schedules, and executions."""

from emulation.services.sagemaker import (
    job_definitions,
    monitoring_executions,
    monitoring_schedules,
)
from emulation.services.sagemaker.operations import by_name, operation


class MonitoringOperations:
    """What the provider offers of monitoring."""

    create_data_quality_job_definition = operation(
        "CreateDataQualityJobDefinition", job_definitions.create("DataQuality")
    )
    describe_data_quality_job_definition = operation(
        "DescribeDataQualityJobDefinition",
        by_name("JobDefinitionName", job_definitions.describe("DataQuality")),
    )
    list_data_quality_job_definitions = operation(
        "ListDataQualityJobDefinitions", job_definitions.list_definitions("DataQuality")
    )
    delete_data_quality_job_definition = operation(
        "DeleteDataQualityJobDefinition",
        by_name("JobDefinitionName", job_definitions.delete("DataQuality")),
    )

    create_model_quality_job_definition = operation(
        "CreateModelQualityJobDefinition", job_definitions.create("ModelQuality")
    )
    describe_model_quality_job_definition = operation(
        "DescribeModelQualityJobDefinition",
        by_name("JobDefinitionName", job_definitions.describe("ModelQuality")),
    )
    list_model_quality_job_definitions = operation(
        "ListModelQualityJobDefinitions", job_definitions.list_definitions("ModelQuality")
    )
    delete_model_quality_job_definition = operation(
        "DeleteModelQualityJobDefinition",
        by_name("JobDefinitionName", job_definitions.delete("ModelQuality")),
    )

    create_model_bias_job_definition = operation(
        "CreateModelBiasJobDefinition", job_definitions.create("ModelBias")
    )
    describe_model_bias_job_definition = operation(
        "DescribeModelBiasJobDefinition",
        by_name("JobDefinitionName", job_definitions.describe("ModelBias")),
    )
    list_model_bias_job_definitions = operation(
        "ListModelBiasJobDefinitions", job_definitions.list_definitions("ModelBias")
    )
    delete_model_bias_job_definition = operation(
        "DeleteModelBiasJobDefinition",
        by_name("JobDefinitionName", job_definitions.delete("ModelBias")),
    )

    create_model_explainability_job_definition = operation(
        "CreateModelExplainabilityJobDefinition", job_definitions.create("ModelExplainability")
    )
    describe_model_explainability_job_definition = operation(
        "DescribeModelExplainabilityJobDefinition",
        by_name("JobDefinitionName", job_definitions.describe("ModelExplainability")),
    )
    list_model_explainability_job_definitions = operation(
        "ListModelExplainabilityJobDefinitions",
        job_definitions.list_definitions("ModelExplainability"),
    )
    delete_model_explainability_job_definition = operation(
        "DeleteModelExplainabilityJobDefinition",
        by_name("JobDefinitionName", job_definitions.delete("ModelExplainability")),
    )

    create_monitoring_schedule = operation("CreateMonitoringSchedule", monitoring_schedules.create)
    describe_monitoring_schedule = operation(
        "DescribeMonitoringSchedule",
        by_name("MonitoringScheduleName", monitoring_schedules.describe),
    )
    list_monitoring_schedules = operation(
        "ListMonitoringSchedules", monitoring_schedules.list_schedules
    )
    update_monitoring_schedule = operation("UpdateMonitoringSchedule", monitoring_schedules.update)
    start_monitoring_schedule = operation(
        "StartMonitoringSchedule", by_name("MonitoringScheduleName", monitoring_schedules.start)
    )
    stop_monitoring_schedule = operation(
        "StopMonitoringSchedule", by_name("MonitoringScheduleName", monitoring_schedules.stop)
    )
    delete_monitoring_schedule = operation(
        "DeleteMonitoringSchedule", by_name("MonitoringScheduleName", monitoring_schedules.delete)
    )
    list_monitoring_executions = operation(
        "ListMonitoringExecutions", monitoring_executions.list_executions
    )
