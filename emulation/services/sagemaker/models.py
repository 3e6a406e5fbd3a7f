"""Models: an image and the archive that it serves."""

from emulation.services.sagemaker import model_packages, tags
from emulation.services.sagemaker.errors import (
    already_exists,
    could_not_find,
    no_model_data,
    not_emulated,
    validation_exception,
)
from emulation.services.sagemaker.listing import list_page
from emulation.services.sagemaker.roles import check_role
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.storage import Location, Storage
from emulation.services.sagemaker.store import Members, Model

OPERATION = "CreateModel"
NOUN = "model"

CONTAINERS = ("PrimaryContainer", "Containers")
PACKAGE_MEMBERS = ("ModelPackageName", "InferenceSpecificationName")
ECHOED = (*CONTAINERS, "ExecutionRoleArn", "VpcConfig")
CONTAINER_MEMBERS = {
    "ContainerHostname",
    "Image",
    "Mode",
    "ModelDataUrl",
    "ModelDataSource",
    "Environment",
}


def create(scope: Scope, request: Members) -> Members:
    """Note a model; its image is looked for when it is deployed."""
    name = request["ModelName"]
    arn = scope.arn("model", name)
    given = {member: request[member] for member in CONTAINERS if member in request}
    request = with_packages(scope, request)
    refuse(request)
    if name in scope.store.models:
        raise already_exists(NOUN, arn)
    if "ExecutionRoleArn" in request:
        check_role(scope, request["ExecutionRoleArn"])
    check_data(scope, container(request))
    scope.store.models[name] = Model(name, arn, request, given=given)
    tags.set_tags(scope, arn, request.get("Tags", []))
    return {"ModelArn": arn}


def with_packages(scope: Scope, request: Members) -> Members:
    """The request with what the packages that it names hold."""
    found = dict(request)
    if "PrimaryContainer" in found:
        found["PrimaryContainer"] = unpacked(scope, found["PrimaryContainer"])
    if found.get("Containers"):
        found["Containers"] = [unpacked(scope, one) for one in found["Containers"]]
    return found


def unpacked(scope: Scope, one: Members) -> Members:
    """A container's image and data, which a model package may hold."""
    if "ModelPackageName" not in one:
        return one
    both = sorted({"Image", "ModelDataUrl", "ModelDataSource"} & set(one))
    if both:
        raise validation_exception(f"{both[0]} and ModelPackageName cannot both be specified.")
    held = model_packages.container(
        scope, one["ModelPackageName"], one.get("InferenceSpecificationName")
    )
    rest = {name: value for name, value in one.items() if name not in PACKAGE_MEMBERS}
    environment = {**held.get("Environment", {}), **one.get("Environment", {})}
    return {**held, **rest, "Environment": environment}


def container(request: Members) -> Members:
    """The one container of a model."""
    containers = request.get("Containers") or []
    return request.get("PrimaryContainer") or (containers[0] if containers else {})


def refuse(request: Members) -> None:
    """Name what would be accepted and ignored otherwise."""
    if request.get("EnableNetworkIsolation"):
        raise not_emulated(OPERATION, "EnableNetworkIsolation")
    if len(request.get("Containers") or []) > 1:
        raise not_emulated(OPERATION, "more than one container (an inference pipeline)")
    if "PrimaryContainer" in request and request.get("Containers"):
        raise validation_exception("Specify either PrimaryContainer or Containers, not both.")
    one = container(request)
    for member, value in one.items():
        if member not in CONTAINER_MEMBERS and value:
            raise not_emulated(OPERATION, f"PrimaryContainer.{member}")
    if one.get("Mode", "SingleModel") != "SingleModel":
        raise not_emulated(OPERATION, "a multi-model container (Mode MultiModel)")
    if "Image" not in one:
        raise validation_exception("Container image is required to create a model.")


def data_location(one: Members) -> tuple[Location, bool] | None:
    """Where a container's model is, and whether it is an archive."""
    if "ModelDataUrl" in one:
        return Location.parse(one["ModelDataUrl"]), True
    source = one.get("ModelDataSource", {}).get("S3DataSource")
    if source is None:
        return None
    packed = source["S3DataType"] == "S3Object" and source["CompressionType"] == "Gzip"
    return Location.parse(source["S3Uri"]), packed


def check_data(scope: Scope, one: Members) -> None:
    """The archive must be there when the model is created."""
    data = data_location(one)
    if data is not None and Storage(scope.client("s3")).is_empty(data[0]):
        raise no_model_data(str(data[0]))


def find(scope: Scope, name: str) -> Model:
    """A model by its name."""
    model = scope.store.models.get(name)
    if model is None:
        raise could_not_find(NOUN, scope.arn("model", name))
    return model


def describe(scope: Scope, name: str) -> Members:
    """The model as it was created; members that were not given are absent."""
    model = find(scope, name)
    request = model.request | (model.given or {})
    echoed = {member: request[member] for member in ECHOED if member in request}
    if "PrimaryContainer" in echoed:
        echoed["PrimaryContainer"] = {"Mode": "SingleModel", **echoed["PrimaryContainer"]}
    return {
        "ModelName": model.name,
        "ModelArn": model.arn,
        "CreationTime": model.created,
        "EnableNetworkIsolation": False,
        **echoed,
    }


def list_models(scope: Scope, request: Members) -> Members:
    """A page of summaries."""
    summaries = [
        {"ModelName": model.name, "ModelArn": model.arn, "CreationTime": model.created}
        for model in scope.store.models.values()
    ]
    page, more = list_page(request, summaries, "Model", newest_first=True)
    return {"Models": page, **more}


def delete(scope: Scope, name: str) -> None:
    """Forget a model; endpoints that serve it go on."""
    model = find(scope, name)
    del scope.store.models[name]
    tags.forget(scope, model.arn)
