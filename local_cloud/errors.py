"""What can go wrong with the local cloud, one class per condition, each with the way out."""

from pathlib import Path

from pawledger.domain.errors import PawledgerError


class LocalCloudError(PawledgerError):
    """Root of the local cloud's conditions: what the command line answers with one sentence."""


class EmulatorMissingError(LocalCloudError):
    """The emulator's virtual environment has not been built."""

    def __init__(self, interpreter: Path) -> None:
        super().__init__(f"The emulator is not installed ({interpreter} is missing): run `make install` first.")


class PortNumberError(LocalCloudError):
    """The port asked for is no TCP port."""

    def __init__(self, value: str) -> None:
        super().__init__(f"{value!r} is no port: give a number from 1 to 65535, or 0 for any free one.")


class PortInUseError(LocalCloudError):
    """Another program listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"Port {port} on 127.0.0.1 is in use by another program: end that program, or choose another port with "
            f"PAWLEDGER_LOCAL_PORT (0 takes any free one)."
        )


class AlreadyRunningError(LocalCloudError):
    """A local cloud already runs from the same directory."""

    def __init__(self, endpoint_url: str) -> None:
        super().__init__(f"The local cloud already runs at {endpoint_url}: stop it first with `make demo-stop`.")


class EmulatorStartError(LocalCloudError):
    """The emulator ended, or did not become healthy in time; carries the last lines of its log."""

    def __init__(self, what: str, log: Path, last_lines: str) -> None:
        super().__init__(f"The emulator {what}; its log is {log} and ends with:\n{last_lines}")


class EmulatorStopError(LocalCloudError):
    """The emulator did not end although it was told to, then forced to."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"The emulator (process {pid}) does not end: end it by hand with `kill -9 {pid}`.")


class SynthesisError(LocalCloudError):
    """The CDK app could not be turned into templates; carries what it printed."""

    def __init__(self, output: str) -> None:
        super().__init__(f"The CDK app could not be synthesised:\n{output}")


class AssemblyError(LocalCloudError):
    """The synthesised assembly lacks something that deployment needs."""


class TemplateRefusedError(LocalCloudError):
    """A template was refused before any resource was made of it; carries the emulator's own words."""

    def __init__(self, stack_name: str, reason: str) -> None:
        super().__init__(f"The template of stack {stack_name} was refused: {reason}")


class StackFailedError(LocalCloudError):
    """A stack did not reach a complete state; names each resource that failed, with its reason."""

    def __init__(self, stack_name: str, status: str, reasons: tuple[str, ...]) -> None:
        self.reasons = reasons
        listed = "".join(f"\n  {reason}" for reason in reasons) or "\n  (no resource reported a reason)"
        super().__init__(f"Stack {stack_name} ended as {status}:{listed}")


class StackTimeoutError(LocalCloudError):
    """A stack was still in progress when its time was up."""

    def __init__(self, stack_name: str, status: str, timeout_seconds: float) -> None:
        super().__init__(f"Stack {stack_name} was still {status} after {timeout_seconds:.0f} seconds.")
