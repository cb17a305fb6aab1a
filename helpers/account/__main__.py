"""`python -m helpers.account`: is my account ready? Changes nothing, costs nothing."""

import argparse
import sys
from collections.abc import Iterable

from .. import catalog
from ..connect.session import connect
from ..errors import TutorialError
from ..notebook import parameters
from .readiness import check


def main(arguments: Iterable[str] | None = None) -> int:
    """Run the command line; return 0 if nothing is not ready, 1 if something is, 2 if refused."""
    parser = argparse.ArgumentParser(prog="python -m helpers.account", description=__doc__)
    parser.add_argument("--runtime", default="sandbox", help="sandbox (the default) or aws")
    parser.add_argument("--region", default="us-east-1", help="the AWS region (%(default)s)")
    models = ", ".join(each.id for each in catalog.models())
    parser.add_argument("--model-id", default="cohere-medium", help=f"%(default)s, or another of: {models}")
    parser.add_argument("--instance-type", help="by default the one that the listing recommends")
    parser.add_argument("--endpoint-name", help="the endpoint that you will deploy")
    parser.add_argument("--role-arn", help="the execution role, if it is not to be found")
    parser.add_argument("--model-package-arn", help="a package of your own choice, in place of --model-id")
    parser.add_argument("--api", help="how that package is talked to, if the catalogue lacks it")
    given = parser.parse_args(None if arguments is None else list(arguments))
    named = {"endpoint_name": given.endpoint_name} if given.endpoint_name else {}
    try:
        parameters.check(
            runtime=given.runtime,
            region=given.region,
            model_id=given.model_id,
            role_arn=given.role_arn,
            instance_type=given.instance_type,
            model_package_arn=given.model_package_arn,
            api=given.api,
            **named,
        )
        model = catalog.choose(given.model_id, given.model_package_arn, given.api, given.instance_type)
        session = connect(given.runtime, given.region, role_arn=given.role_arn)
        found = check(session, model, given.instance_type, **named)
    except TutorialError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    print(found)
    return 0 if found.ready else 1


if __name__ == "__main__":
    sys.exit(main())
