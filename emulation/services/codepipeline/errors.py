"""CodePipeline's errors, in its words.

ServiceException
  CommonServiceException
    Invalid...DeclarationException, InvalidStructureException   what a pipeline may not look like
    ...NotFoundException, ...InUseException                     names that are free, or taken
    ...NotStoppable, NotRetryable, NotLatest, UnableToRollback  what an execution's state forbids
"""

from localstack.aws.api import CommonServiceException


def refused(code: str, message: str) -> CommonServiceException:
    """A refusal with one of the API's codes."""
    return CommonServiceException(code, message, 400, sender_fault=True)


def validation_exception(message: str) -> CommonServiceException:
    """The request is refused for what it says."""
    return refused("ValidationException", message)


def invalid_structure(message: str) -> CommonServiceException:
    """The pipeline as a whole."""
    return refused("InvalidStructureException", message)


def invalid_stage(message: str) -> CommonServiceException:
    """One of its stages."""
    return refused("InvalidStageDeclarationException", message)


def invalid_action(message: str) -> CommonServiceException:
    """One of its actions."""
    return refused("InvalidActionDeclarationException", message)


def name_in_use(name: str, account: str) -> CommonServiceException:
    """A pipeline's name that is taken."""
    return refused(
        "PipelineNameInUseException",
        f"A pipeline with the name '{name}' already exists in account '{account}'",
    )


def pipeline_not_found(name: str, account: str) -> CommonServiceException:
    """A pipeline that is not there."""
    return refused(
        "PipelineNotFoundException",
        f"Account '{account}' does not have a pipeline with name '{name}'",
    )


def version_not_found(name: str, version: int) -> CommonServiceException:
    """A version that a pipeline never had."""
    return refused(
        "PipelineVersionNotFoundException",
        f"Pipeline '{name}' does not have a version '{version}'",
    )


def execution_not_found(name: str, execution_id: str) -> CommonServiceException:
    """An execution that is not the pipeline's."""
    return refused(
        "PipelineExecutionNotFoundException",
        f"Pipeline '{name}' does not have an execution with id '{execution_id}'",
    )


def stage_not_found(stage: str, pipeline: str) -> CommonServiceException:
    """A stage that the pipeline does not have."""
    return refused(
        "StageNotFoundException", f"Pipeline '{pipeline}' does not have a stage with name '{stage}'"
    )


def action_not_found(action: str, stage: str) -> CommonServiceException:
    """An action that the stage does not have."""
    return refused(
        "ActionNotFoundException", f"Stage '{stage}' does not have an action with name '{action}'"
    )


def invalid_token() -> CommonServiceException:
    """A token that no list gave."""
    return refused(
        "InvalidNextTokenException",
        "The next token was specified in an invalid format. Make sure that the next token you "
        "provide is the token returned by a previous call.",
    )


def not_emulated(operation: str, what: str) -> NotImplementedError:
    """A part of an operation that nobody carries out: refused, never accepted and ignored."""
    return NotImplementedError(f"codepipeline.{operation} with {what} is not emulated")
