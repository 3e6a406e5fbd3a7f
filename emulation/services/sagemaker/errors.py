"""SageMaker's errors, in its words.

ServiceException
  CommonServiceException
    ValidationException     what a name, a value or a state does not allow (SageMaker's usual code)
    ResourceInUse           the name is taken by a job, or the resource is at work
    ResourceNotFound        a monitoring schedule or definition that is not there
    AccessDeniedException   a role of another account
    ConflictException       a model package group that is not empty
"""

from localstack.aws.api import CommonServiceException

from emulation.services.validation import validation_exception as validation_exception


def invalid_token() -> CommonServiceException:
    """A token that no list gave."""
    return validation_exception("Invalid NextToken")


def resource_not_found() -> CommonServiceException:
    """A training job or a tagged resource that is not there; SageMaker does not say which."""
    return validation_exception("Requested resource not found.")


def could_not_find(noun: str, arn: str) -> CommonServiceException:
    """A model, endpoint configuration or endpoint that is not there."""
    return validation_exception(f'Could not find {noun} "{arn}".')


def already_exists(noun: str, arn: str) -> CommonServiceException:
    """A model, endpoint configuration or endpoint of that name."""
    return validation_exception(f'Cannot create already existing {noun} "{arn}".')


def training_job_exists(arn: str) -> CommonServiceException:
    """A training job's name is used once, for ever."""
    return resource_in_use(
        "Training job names must be unique within an AWS account and region, and a training job"
        f" with this name already exists ({arn})"
    )


def cannot_stop_job(kind: str, status: str) -> CommonServiceException:
    """A job that has ended."""
    return validation_exception(
        f"The request was rejected because the {kind} job is in status {status}."
    )


def job_exists(arn: str) -> CommonServiceException:
    """A processing job of that name."""
    return resource_in_use(
        "Job name must be unique within an AWS account and region, and a job with this name"
        f" already exists ({arn})"
    )


def job_in_use(arn: str, status: str) -> CommonServiceException:
    """A job that has not ended cannot be deleted."""
    return resource_in_use(f"Cannot delete {arn}: the job is in status {status}.")


def job_not_found(name: str) -> CommonServiceException:
    """A processing job that is not there."""
    return validation_exception(f"Could not find requested job with name: {name}")


def not_found(name: str) -> CommonServiceException:
    """A monitoring schedule or a job definition that is not there."""
    message = f"Could not find requested job with name: {name}"
    return CommonServiceException("ResourceNotFound", message, 400, sender_fault=True)


def resource_in_use(message: str) -> CommonServiceException:
    """A name is taken, or a resource is at work."""
    return CommonServiceException("ResourceInUse", message, 400, sender_fault=True)


def endpoint_in_progress(arn: str) -> CommonServiceException:
    """An endpoint takes one change at a time."""
    return validation_exception(f'Cannot update in-progress endpoint "{arn}".')


def role_not_assumable(arn: str) -> CommonServiceException:
    """The role is missing, or does not trust SageMaker."""
    return validation_exception(
        f"Could not assume role {arn}. Please ensure that the role exists and allows principal"
        " 'sagemaker.amazonaws.com' to assume the role."
    )


def cross_account_role() -> CommonServiceException:
    """The role is of another account."""
    message = "Cross-account pass role is not allowed."
    return CommonServiceException("AccessDeniedException", message, 400, sender_fault=True)


def no_input_data(uri: str, *, bucket: str, region: str, role: str) -> CommonServiceException:
    """An input channel whose prefix holds nothing."""
    return validation_exception(
        f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that'
        f" the bucket exists in the selected region ({region}), that objects exist under that S3"
        f' prefix, and that the role "{role}" has "s3:ListBucket" permissions on bucket "{bucket}".'
    )


def group_does_not_exist(arn: str) -> CommonServiceException:
    """A model package group that is not there."""
    return validation_exception(f"ModelPackageGroup {arn} does not exist.")


def cannot_find_group(arn: str) -> CommonServiceException:
    """The same, in the words of the operations on its policy."""
    return validation_exception(f"Cannot find Model Package Group: {arn}")


def cannot_find_policy(arn: str) -> CommonServiceException:
    """A model package group without a policy."""
    return validation_exception(f"Cannot find resource policy for: {arn}")


def group_exists(arn: str) -> CommonServiceException:
    """A model package group of that name."""
    return validation_exception(f"Model Package Group already exists: {arn}")


def group_not_empty(arn: str) -> CommonServiceException:
    """A model package group that still has versions."""
    message = f"Model Package Group {arn} cannot be deleted because it still contains versions."
    return CommonServiceException("ConflictException", message, 400, sender_fault=True)


def package_does_not_exist(arn: str) -> CommonServiceException:
    """A model package that is not there."""
    return validation_exception(f"ModelPackage {arn} does not exist.")


def package_exists(arn: str) -> CommonServiceException:
    """A model package of that name."""
    return validation_exception(f"Model Package already exists: {arn}")


def package_not_approved(arn: str, status: str) -> CommonServiceException:
    """A version that may not be deployed (yet)."""
    return validation_exception(
        f"Cannot create a model from ModelPackage {arn}: its ModelApprovalStatus is {status}, and"
        " it must be Approved."
    )


def no_model_data(uri: str) -> CommonServiceException:
    """A model whose archive is not there."""
    return validation_exception(f"Could not find model data at {uri}.")


def not_emulated(operation: str, what: str) -> NotImplementedError:
    """A part of an operation that nobody computes here: refused, never accepted and ignored."""
    return NotImplementedError(f"sagemaker.{operation} with {what} is not emulated")
