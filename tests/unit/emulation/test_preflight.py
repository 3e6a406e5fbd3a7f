"""What must be true before a start, without a socket or a process."""

import pytest

from emulation.laptop import preflight


@pytest.mark.parametrize(
    ("told", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "21" 2023-09-19', 21),
        ('openjdk version "25-ea" 2025-09-16', 25),
        ('java version "1.8.0_402"', 8),
        ('Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "11.0.2" 2019-01-15', 11),
        ("command not found", None),
    ],
)
def test_version_is_read_from_what_java_says(told, version):
    assert preflight.parse_java(told) == version


@pytest.mark.parametrize(
    ("release", "command"),
    [
        ({"ID": "debian"}, "apt-get"),
        ({"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, "apt-get"),
        ({"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "dnf"),
        ({"ID": "opensuse-tumbleweed", "ID_LIKE": "opensuse suse"}, "zypper"),
        ({"ID": "arch"}, "pacman"),
        ({"ID": "nixos"}, "adoptium.net"),
    ],
)
def test_remedy_is_that_of_the_platform(monkeypatch, release, command):
    monkeypatch.setattr(preflight.platform, "freedesktop_os_release", lambda: release)
    assert command in preflight.java_remedy("linux")


def test_remedy_on_macos():
    assert "brew install openjdk@17" in preflight.java_remedy("darwin")


def test_full_disk_is_told_with_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setattr(preflight, "FREE_GIB", 10**9)
    assert "EMULATION_STATE_FOLDER" in preflight.too_little_disk(tmp_path / "not" / "yet")


def test_enough_disk_is_no_finding(monkeypatch, tmp_path):
    monkeypatch.setattr(preflight, "FREE_GIB", 0)
    assert preflight.too_little_disk(tmp_path) is None
