"""The /opt/ml tree: what is written into it, and how a command sees it where nothing can be
mounted.
"""

import json

import pytest

from emulation.compute import container_contract
from emulation.compute.container_contract import ContainerFolder


@pytest.fixture
def folder(tmp_path):
    made = ContainerFolder(tmp_path / "job")
    made.make()
    return made


@pytest.fixture
def prefix_mode(monkeypatch):
    monkeypatch.setattr(container_contract, "isolation", lambda: "prefix")


def config(folder, name):
    return json.loads((folder.ml / "input" / "config" / f"{name}.json").read_text())


def test_tree_starts_empty(folder):
    (folder.model / "old").touch()
    folder.make()
    assert sorted(path.name for path in folder.ml.iterdir()) == ["code", "input", "model", "output"]
    assert not list(folder.model.iterdir())


def test_config_files_have_the_platforms_shapes(folder):
    channel = {
        "ChannelName": "train",
        "ContentType": "text/csv",
        "DataSource": {"S3DataSource": {"S3DataDistributionType": "ShardedByS3Key"}},
    }
    container_contract.write_training_config(
        folder, hyperparameters={"a": "1"}, channels=[channel], instance_type="ml.m5.large"
    )
    assert config(folder, "hyperparameters") == {"a": "1"}
    assert config(folder, "inputdataconfig") == {
        "train": {
            "TrainingInputMode": "File",
            "S3DistributionType": "ShardedByS3Key",
            "RecordWrapperType": "None",
            "ContentType": "text/csv",
        }
    }
    resources = config(folder, "resourceconfig")
    assert resources["hosts"] == [resources["current_host"]] == ["algo-1"]
    assert {"current_instance_type", "network_interface_name", "instance_groups"} <= set(resources)


def test_prefix_mode_rewrites_command_and_environment(folder, prefix_mode):
    command, environment = container_contract.contained(
        folder, ["sh", "-c", "ls /opt/ml/input"], {"WHERE": "/opt/ml/model", "ELSE": "/opt"}
    )
    assert command == ["sh", "-c", f"ls {folder.ml}/input"]
    assert environment == {
        "WHERE": f"{folder.ml}/model",
        "ELSE": "/opt",
        "SAGEMAKER_BASE_DIR": str(folder.ml),
    }


def test_prefix_mode_rewrites_the_sdks_drivers_and_no_user_data(folder, prefix_mode):
    for name in ("sm_drivers", "train"):
        folder.channel(name).mkdir()
        (folder.channel(name) / "a.sh").write_text("cd /opt/ml/input")
    container_contract.rewrite_drivers(folder)
    assert (folder.channel("sm_drivers") / "a.sh").read_text() == f"cd {folder.ml}/input"
    assert (folder.channel("train") / "a.sh").read_text() == "cd /opt/ml/input"
