"""Stands in for pulumi-resource-kubernetes: the process that the engine starts."""

from sandbox.plugins.kubernetes.provider import Kubernetes
from sandbox.plugins.server import serve

if __name__ == "__main__":
    serve(Kubernetes())
