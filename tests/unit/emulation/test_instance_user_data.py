"""User data: what a boot will do, what is refused before it, what is told on the console."""

import gzip
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest

from emulation.compute.instances.user_data import RefusedError, plan


def test_nothing_is_nothing():
    assert (plan(b"").parts, plan(b"").problem) == ([], None)


def test_script():
    assert plan(b"#!/bin/bash\necho").parts == [{"kind": "script", "text": "#!/bin/bash\necho"}]


def test_cloud_config():
    text = b"#cloud-config\nruncmd: [echo a, [echo, 1]]\npackages: [curl]\npackage_update: false\n"
    (part,) = plan(text).parts
    assert part["runcmd"] == ["echo a", ["echo", "1"]]
    assert part["packages"] == ["curl"]


def test_packed_and_in_parts():
    message = MIMEMultipart()
    message.attach(MIMEText("#cloud-config\nbootcmd: [a]\n", "cloud-config"))
    message.attach(MIMEText("#!/bin/sh\n", "x-shellscript"))
    found = plan(gzip.compress(message.as_string().encode()))
    assert [part["kind"] for part in found.parts] == ["cloud-config", "script"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("#cloud-config\nusers: [a]\n", "users"),
        ("#cloud-config\nwrite_files: [{path: /a, source: {uri: x}}]\n", "write_files.source"),
        ("#cloud-config\nwrite_files: [{path: /a, encoding: rot13}]\n", "rot13"),
        ("## template: jinja\n#cloud-config\n", "templates"),
        (
            "#cloud-config\nwrite_files:\n- path: /etc/systemd/system/a.timer\n  content: x\n",
            "a.timer",
        ),
        (
            "#cloud-config\nwrite_files:\n- path: /etc/systemd/system/a.service\n"
            '  content: "[Service]\\nExecStart=/a\\nCPUQuota=5%%"\n',
            "CPUQuota=",
        ),
    ],
)
def test_what_nobody_carries_out_is_refused(text, named):
    with pytest.raises(RefusedError, match=named):
        plan(text.encode())


@pytest.mark.parametrize(
    "text",
    [b"hello", b"#cloud-config\n- a\n", b"#cloud-config\n{", b"\x1f\x8bnone", b"\xff\xfe"],
)
def test_what_cannot_be_read_is_a_problem_of_the_boot(text):
    found = plan(text)
    assert found.problem
    assert not found.parts
