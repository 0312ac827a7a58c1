"""The local cloud: an AWS emulator on loopback, and the same CDK app deployed to it.

`start` brings the emulator up in its own process, `deploy` puts the synthesised stacks into it, `LocalCloud.stop`
ends it and removes what it kept. `python -m local_cloud` offers the same on the command line.
"""

from local_cloud.deployment import deploy, synthesize
from local_cloud.emulator import LocalCloud, find, start

__all__ = ["LocalCloud", "deploy", "find", "start", "synthesize"]
