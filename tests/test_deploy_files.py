"""Files to start a cluster from: as far as they can be checked without one."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

DEPLOY = Path(__file__).parent.parent / "deploy"


def kubernetes() -> dict[tuple[str, str], Any]:
    """Resources by kind and name."""
    with (DEPLOY / "kubernetes.yaml").open() as file:
        resources = list(YAML(typ="safe").load_all(file))
    return {(resource["kind"], resource["metadata"]["name"]): resource for resource in resources}


def pod(resource: Any) -> Any:
    return resource["spec"]["template"]["spec"]


def test_pods_run_one_image_and_meet_at_one_scheduler():
    resources = kubernetes()
    service = resources.pop(("Service", "meio-scheduler"))
    containers = [pod(resource)["containers"][0] for resource in resources.values()]
    assert len(containers) == 3
    assert len({container["image"] for container in containers}) == 1
    address = f"tcp://{service['metadata']['name']}:{service['spec']['ports'][0]['port']}"
    for container in containers[1:]:
        assert re.findall(r"tcp://[\w.:-]+", " ".join(container["command"])) == [address]
    scheduler = resources["Deployment", "meio-scheduler"]
    assert service["spec"]["selector"] == scheduler["spec"]["template"]["metadata"]["labels"]


def test_whoever_reads_the_catalogue_mounts_it():
    for (_, name), resource in kubernetes().items():
        if name in {"meio-worker", "meio-plan"}:
            mounts = pod(resource)["containers"][0]["volumeMounts"]
            assert {mount["name"] for mount in mounts} == {volume["name"] for volume in pod(resource)["volumes"]}


def test_slurm_script_is_a_shell_script():
    ended = subprocess.run(["bash", "-n", DEPLOY / "slurm.sh"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
