"""The directories of the cluster's volumes, which the controller-manager makes outside the state directory."""

from contextlib import suppress
from pathlib import Path

import httpx
import yaml

MADE_IN = Path("/tmp/hostpath_pv")  # noqa: S108 (fixed in the controller-manager's code)


def remove_volumes(kubeconfig: Path, client: httpx.Client) -> None:
    """Remove the directories of all volumes that the cluster knows. They are empty: no container runs here.

    Does nothing when the API server does not answer; what is left then is a few empty directories.
    """
    with suppress(OSError, httpx.HTTPError, KeyError, ValueError, yaml.YAMLError):
        config = yaml.safe_load(kubeconfig.read_text())
        url = config["clusters"][0]["cluster"]["server"] + "/api/v1/persistentvolumes"
        headers = {"Authorization": f"Bearer {config['users'][0]['user']['token']}"}
        volumes = client.get(url, headers=headers).raise_for_status().json()["items"]
        for path in (Path(volume["spec"].get("hostPath", {}).get("path", "/")) for volume in volumes):
            if path.parent == MADE_IN:
                with suppress(OSError):
                    path.rmdir()
