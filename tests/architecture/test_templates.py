"""The templates are valid on AWS: cfn-lint has nothing to say in two regions."""

from pathlib import Path

import cfnlint
import pytest

from pipeline.deploy.stacks import STACKS, TEMPLATES, Template

REGIONS = ["us-east-1", "eu-west-1"]
STATEFUL = {"AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::RedshiftServerless::Namespace"}


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.yaml")), ids=lambda path: path.stem)
def test_linter_is_silent(path: Path):
    config = cfnlint.ManualArgs(regions=REGIONS, include_checks=["I"])
    complaints = cfnlint.lint_file(path, config=config)
    assert [str(complaint) for complaint in complaints] == []


@pytest.mark.parametrize("stack", STACKS)
def test_no_role_may_do_everything(stack):
    text = Template.of(stack).body
    assert "s3:*" not in text or "Effect: Deny" in text
    assert "FullAccess" not in text
    assert 'Action: "*"' not in text
