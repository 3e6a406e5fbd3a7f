"""The default network of a region is there before anybody makes one, and stays the one it was."""

import signal


def default_network(emulator) -> set[str]:
    """What others note down of it."""
    ec2 = emulator.aws("ec2")
    found = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])
    (network,) = {subnet["VpcId"] for subnet in found["Subnets"]}
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [network]}])
    return {
        network,
        *(subnet["SubnetId"] for subnet in found["Subnets"]),
        *(group["GroupId"] for group in groups["SecurityGroups"]),
    }


def test_a_network_that_was_only_read_survives_kill_9(own_emulator):
    told = default_network(own_emulator)
    own_emulator.end(signal.SIGKILL)
    own_emulator.start()
    assert default_network(own_emulator) == told
    own_emulator.end(signal.SIGKILL)
    own_emulator.start()
    assert default_network(own_emulator) == told
