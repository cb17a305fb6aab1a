"""The notebooks' parameters: each has a rule, and says in one sentence what it takes."""

import re
from typing import Any

import pytest

from helpers import catalog
from helpers.errors import BadInput
from helpers.notebook import parameters
from helpers.tune.choice import WANTED

from ..wrong_values import NO_AMOUNT, NO_YES_OR_NO

COMMAND_A = "arn:aws:sagemaker:us-east-1:111122223333:model-package/command-a"  # not in the catalogue
COMMAND_R = catalog.model("command-r-08-2024").package_arn("us-east-1", "ml.p5.48xlarge")
GOOD: dict[str, list[Any]] = {
    "runtime": ["sandbox", "aws"],
    "region": ["us-east-1", "ap-southeast-2", "us-gov-west-1"],
    "model_id": ["cohere-medium", "command-r-08-2024", "embed-v4"],
    "accept_terms": [True, False],
    "set_up_account": [True, False],
    "cancel_subscription": [True, False],
    "endpoint_name": ["a", "cohere-gpt-medium", "x" * 63],
    "instance_type": [None, "ml.g5.xlarge", "ml.p4de.24xlarge", "ml.p6-b200.48xlarge", "ml.c5.large"],
    "role_arn": [
        None,
        "arn:aws:iam::111122223333:role/service-role/A",
        "arn:aws-cn:iam::111122223333:role/a",
    ],
    "max_usd_per_hour": [None, 0, 10, 3.41],
    "software_usd_per_hour": [None, 0, 2.0],
    "delete_after_hours": [None, 8, 0.5, 8760],
    "prompt": ["Write:"],
    "max_tokens": [1, 100, 2048],
    "temperature": [0, 0.0, 5],
    "max_tokens_values": [[1], [100, 200]],
    "temperatures": [[0], [0, 0.3, 5]],
    "repetitions": [1, 4],
    "users": [[1], [1, 16]],
    "seconds_each": [1, 6.5],
    "clock_speed": [1, 60.5, 600],
    "want": ["one", "some", "many", 1, 2.5, 6],
    "runs_folder": ["runs", "/elsewhere"],
    "model_package_arn": [
        None,
        COMMAND_A,
        COMMAND_R,
        "arn:aws-cn:sagemaker:cn-north-1:111122223333:model-package/a/1",
    ],
    "api": [None, "generate", "chat-v1", "chat-v2"],
}
TEXT = ["", " ", "\n", b"runs", None, 1, 1.0, True, ["a"], {}]
COUNT = ["1", "ten", 0, -1, 1.0, 1.5, True, None, float("nan"), [1], 10**400]
BAD: dict[str, list[Any]] = {
    "users": [*TEXT, [], [0], [1.5], ["1"], 4],
    "seconds_each": NO_AMOUNT,
    "clock_speed": [*NO_AMOUNT, 0, 0.5, 601],
    "runtime": [*TEXT, "AWS", "Sandbox", "prod", "aws "],
    "region": [*TEXT, "us-east", "us_east_1", "US-EAST-1", "mars-1", "us-east-1\n"],
    "model_id": [*TEXT, "cohere", "Cohere-Medium", "cohere-medium "],
    "accept_terms": NO_YES_OR_NO,
    "set_up_account": NO_YES_OR_NO,
    "cancel_subscription": NO_YES_OR_NO,
    "endpoint_name": [*TEXT, "a b", "a_b", "-a", "x" * 64, "é"],
    "instance_type": [
        "",
        "None",
        "ml.t3.medium",
        "g5.xlarge",
        "ml.g5",
        "ml.G5.xlarge",
        "g5",
        1,
        True,
        ["ml.g5.xlarge"],
    ],
    "role_arn": ["", "None", "role", "arn:aws:iam::1:role/a", "arn:aws:iam::111122223333:user/a", 1, True],
    "max_usd_per_hour": NO_AMOUNT,
    "software_usd_per_hour": NO_AMOUNT,
    "delete_after_hours": [*NO_AMOUNT, 0, 8761],
    "prompt": TEXT,
    "max_tokens": COUNT,
    "temperature": NO_AMOUNT,
    "max_tokens_values": [*COUNT[:-2], [], "[100, 200]", ["100"], [100, 0], [True], [1.5], (100,), {100}],
    "temperatures": [
        *(value for value in NO_AMOUNT if type(value) is not list or value != [10]),
        *(0, 0.5, [], "[0, 1]", ["0"], [-0.1], [True], [None], [float("nan")], (0, 1), {0, 1}),
    ],
    "repetitions": COUNT,
    "want": [*(value for value in NO_AMOUNT if value is not None), "One", "few", "one ", "3", 0, 0.5, None],
    "runs_folder": TEXT,
    "model_package_arn": [
        *(each for each in TEXT if each is not None),
        "None",
        "cohere-command-a",
        f"{COMMAND_A} ",
        COMMAND_A.replace(":model-package/", ":algorithm/"),
        COMMAND_A.replace(":111122223333:", ":1:"),
        COMMAND_A.replace("us-east-1", "us-east"),
        COMMAND_A + "_",
        COMMAND_A + "x" * 63,
        [COMMAND_A],
    ],
    "api": [*(each for each in TEXT if each is not None), "None", "chat", "Chat-v2", "embed", "v2"],
}


def test_every_rule_is_tried() -> None:
    assert set(GOOD) == set(BAD) == set(parameters.RULES)


@pytest.mark.parametrize("name", GOOD)
def test_what_fits_passes(name: str) -> None:
    for value in GOOD[name]:
        parameters.check(**{name: value})


@pytest.mark.parametrize("name", BAD)
def test_what_does_not_fit_is_one_sentence_with_the_name(name: str) -> None:
    for value in BAD[name]:
        with pytest.raises(BadInput) as error:
            parameters.check(**{name: value})
        assert re.match(rf"{name} is .+; it takes .+\. Nothing was done\.$", str(error.value)), value


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"max_tokens": 2049}, "max_tokens is 2049; this model takes 1 to 2048"),
        ({"max_tokens_values": [1, 5000]}, "max_tokens_values is 5000"),
        ({"temperature": 5.1}, "takes 0 to 5"),
        ({"temperatures": [7, 6]}, "the lowest of temperatures is 6; this model takes 0 to 5"),
        ({"instance_type": "ml.p2.xlarge"}, "no package for 'ml.p2.xlarge'"),
    ],
)
def test_the_model_has_ranges_of_its_own(given: dict[str, Any], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        parameters.check(model_id="cohere-medium", **given)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"region": "eu-west-1", "api": "chat-v2"}, "is of us-east-1, and region is 'eu-west-1'"),
        ({"api": None}, "does not know the package command-a: set api to .* generate, chat-v1, chat-v2"),
        (
            {"api": "chat-v2", "instance_type": None},
            "does not know what command-a runs on: set instance_type",
        ),
        ({"api": "chat-v2", "temperature": 1.5}, "temperature is 1.5; this model takes 0 to 1"),
        ({"api": "chat-v2", "max_tokens": 8193}, "takes 1 to 8192"),
        ({"model_package_arn": COMMAND_R, "api": "generate"}, "Command R 08-2024 is talked to by chat-v1"),
        ({"model_package_arn": COMMAND_R, "instance_type": "ml.p4de.24xlarge"}, "no package for 'ml.p4de"),
    ],
)
def test_a_package_and_its_api_must_agree(given: dict[str, Any], told: str) -> None:
    asked = {"region": "us-east-1", "model_id": "cohere-medium", "model_package_arn": COMMAND_A} | given
    with pytest.raises(BadInput, match=told):
        parameters.check(**asked)


@pytest.mark.parametrize(
    "given",
    [
        {
            "model_package_arn": COMMAND_A,
            "api": "chat-v2",
            "instance_type": "ml.p5.48xlarge",
            "region": "us-east-1",
        },
        {"model_package_arn": COMMAND_A, "api": "chat-v2", "temperature": 0.3, "max_tokens": 8192},
        {"model_package_arn": COMMAND_R, "instance_type": "ml.p5.48xlarge", "max_tokens": 4096},
        {"model_package_arn": COMMAND_R, "api": "chat-v2"},
        {"api": "chat-v2", "temperature": 1, "max_tokens": 8000},  # the endpoint says which model it is
    ],
)
def test_any_package_passes_with_its_api(given: dict[str, Any]) -> None:
    parameters.check(model_id="cohere-medium", **given)


def test_more_answers_than_are_asked_for_can_not_be_wanted() -> None:
    parameters.check(want=4, repetitions=4)
    parameters.check(want="many", repetitions=1)
    with pytest.raises(BadInput, match=r"want is 5.*each setting is asked 4 times.*repetitions"):
        parameters.check(want=5, repetitions=4)


def test_the_words_for_what_is_wanted_are_those_that_recommend_knows() -> None:
    assert tuple(WANTED) == catalog.WANTS


def test_text_is_told_how_papermill_keeps_a_type() -> None:
    with pytest.raises(
        BadInput, match=r"accept_terms is 'false'; it takes True or False \(with papermill: -p"
    ):
        parameters.check(accept_terms="false")
    with pytest.raises(BadInput, match=r"takes 'sandbox' or 'aws'\. Nothing"):
        parameters.check(runtime="AWS")


def test_a_parameter_without_a_rule_is_refused() -> None:
    with pytest.raises(BadInput, match="no rule for a parameter colour"):
        parameters.check(colour="red")
