"""The function that ends a run whose challenger has lost."""

import pytest

from pipeline.handlers import judge_challenger


class Jobs:
    """What CodePipeline is told of its jobs."""

    def __init__(self):
        self.told = []

    def put_job_success_result(self, **result):
        self.told.append(("success", result))

    def put_job_failure_result(self, **result):
        self.told.append(("failure", result))


@pytest.fixture
def jobs(monkeypatch):
    jobs = Jobs()
    monkeypatch.setattr("pipeline.aws.client", lambda service: {"codepipeline": jobs}[service])
    return jobs


def event(parameters):
    """As CodePipeline invokes a function, without what is not read."""
    configuration = {"FunctionName": "judge", "UserParameters": parameters}
    return {
        "CodePipeline.job": {
            "id": "11111111-abcd-1111-abcd-111111abcdef",
            "accountId": "111111111111",
            "data": {"actionConfiguration": {"configuration": configuration}},
        }
    }


@pytest.mark.parametrize("outcome", ["wins", "serves"])
def test_run_goes_on(jobs, outcome):
    judge_challenger.handler(event(f"{outcome} The challenger wins: by far."), None)
    ((kind, result),) = jobs.told
    assert kind == "success"
    assert result["jobId"] == "11111111-abcd-1111-abcd-111111abcdef"
    assert result["executionDetails"]["summary"] == "The challenger wins: by far."


@pytest.mark.parametrize("told", ["loses The challenger loses: AUC 0.7.", " nothing", "odd words"])
def test_run_ends_with_the_reason(jobs, told):
    judge_challenger.handler(event(told), None)
    ((kind, result),) = jobs.told
    assert kind == "failure"
    assert result["failureDetails"]["message"] == told.partition(" ")[2]
