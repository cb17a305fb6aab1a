"""Who you are, and in which region."""

import os

import botocore.session

from .. import catalog
from ..connect import studio
from ..connect.execution_role import caller_arn
from ..connect.session import Session
from .table import Row


def who(session: Session) -> tuple[Row, str]:
    """Return the row of the caller, and the caller's ARN. Raises NotConnected where AWS can't be asked."""
    caller = caller_arn(session)
    return Row("who you are", "ready", f"{caller}, account {session.account}"), caller


def region(session: Session, model: catalog.Model | None) -> Row:
    """Return whether the model is published in the region, and whether you usually work in it."""
    here = session.region
    if model and here not in model.regions:
        why = f"{model.name} is not published in {here}, but in {', '.join(model.regions)}"
        return Row("region", "not ready", why, f'region = "{model.regions[0]}"')
    where, usual = _usual(session)
    if usual and usual != here:
        detail = f"you work in {here}, and {where} is {usual}: which one you mean can't be told"
        return Row("region", "can't tell", detail, f'region = "{usual}"')
    return Row("region", "ready", f"{here}, as {where} says" if usual else here)


def _usual(session: Session) -> tuple[str, str | None]:
    """Return the region that you usually work in, after what names it; in the sandbox none is read."""
    if not session.spends_money:
        return "", None
    if (found := studio.region()) is not None:
        return "Studio's region", found
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if found := os.environ.get(name):
            return name, found
    name = session.boto3.profile_name
    profile = botocore.session.Session(profile=None if name == "default" else name)
    return f"the region of your profile {name!r}", profile.get_config_variable("region")
