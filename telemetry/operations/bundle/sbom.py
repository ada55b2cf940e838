"""What a bundle is made of, as a software bill of materials: CycloneDX in JSON, for scanners and auditors."""

import datetime as dt
import uuid
from collections.abc import Iterator
from pathlib import PurePosixPath

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from telemetry.operations.bundle import wheels
from telemetry.operations.bundle.archive import EPOCH
from telemetry.operations.bundle.images import parse
from telemetry.operations.bundle.manifest import Manifest

NAME = "sbom.cdx.json"


def sbom(manifest: Manifest) -> str:
    """Return the bill of what a manifest lists: the same manifest always gives the same text."""
    program = Component(
        name="telemetry", type=ComponentType.APPLICATION, version=manifest.revision, bom_ref="telemetry"
    )
    bom = Bom(
        components=[*_charts(manifest), *_images(manifest), *_programs(manifest), *_wheels(manifest)],
        serial_number=uuid.uuid5(uuid.NAMESPACE_URL, manifest.text()),
        metadata=BomMetaData(component=program, timestamp=dt.datetime.fromtimestamp(EPOCH, dt.UTC)),
    )
    bom.register_dependency(program, bom.components)
    return JsonV1Dot6(bom).output_as_string(indent=1) + "\n"


def _charts(manifest: Manifest) -> Iterator[Component]:
    for each in manifest.charts:
        where = {"repository_url": each.source} if "://" in each.source else {}
        purl = PackageURL("helm", None, each.name, each.version, qualifiers=where)
        yield _component(each.name, each.version, purl, manifest.files[each.file].sha256, ComponentType.APPLICATION)


def _images(manifest: Manifest) -> Iterator[Component]:
    """Yield images, which the bundle names and does not hold; their digest is their version, as purl has it."""
    for each in manifest.images:
        reference = parse(each.image)
        name = PurePosixPath(reference.repository).name
        where = {"repository_url": f"{reference.registry}/{reference.repository}"}
        where |= {"tag": reference.tag} if reference.tag else {}
        purl = PackageURL("oci", None, name, each.digest, qualifiers=where)
        yield Component(
            name=f"{reference.registry}/{reference.repository}",
            version=reference.tag or each.digest,
            type=ComponentType.CONTAINER,
            bom_ref=f"image:{each.image}",
            purl=purl,
        )


def _programs(manifest: Manifest) -> Iterator[Component]:
    for each in manifest.programs:
        file = manifest.files[f"{each.folder}/{each.name}"]
        purl = PackageURL("generic", None, each.name, each.version)
        yield _component(each.name, each.version, purl, file.sha256, ComponentType.APPLICATION)


def _wheels(manifest: Manifest) -> Iterator[Component]:
    for path, file in sorted(manifest.files.items()):
        if path.startswith(f"{wheels.FOLDER}/"):
            name, version = wheels.name_and_version(PurePosixPath(path).name)
            yield _component(name, version, PackageURL("pypi", None, name, version), file.sha256, ComponentType.LIBRARY)


def _component(name: str, version: str, purl: PackageURL, sha256: str, kind: ComponentType) -> Component:
    return Component(
        name=name,
        version=version,
        type=kind,
        bom_ref=str(purl),
        purl=purl,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256)],
    )
