"""Named conditions of the CDK app.

They have a root of their own: the app is synthesised without the Lambda layer on its path, so it cannot import
`pawledger.domain.errors`, and nothing of it runs beside the code that could catch these.
"""


class InfrastructureError(Exception):
    """Root of all named conditions of the CDK app; each carries a sentence a person can act on."""


class UnknownEnvironmentError(InfrastructureError):
    """The context names an environment that `infra.environments` does not define."""


class RunbookMissingError(InfrastructureError):
    """An alarm names a runbook that is not in `docs/runbooks/`."""


class DependencyInstallError(InfrastructureError):
    """The packages of the dependencies layer could not be installed from their lock."""


class DependencyLayerTooLargeError(InfrastructureError):
    """The dependencies layer has grown over its budget."""
