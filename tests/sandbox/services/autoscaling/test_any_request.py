"""Whatever is asked is answered or refused, and scaling goes on."""

import json
import random
from contextlib import suppress

from botocore import xform_name
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.sandbox.aws.service import AwsError, load_model
from helpers.sandbox.services.autoscaling import AutoScaling
from helpers.sandbox.services.cloudwatch.evaluation import Rule

from ...fuzz_values import GOOD, Known, mutated, spoil, value
from .practice import Practice

MODEL = load_model("application-autoscaling")
OPERATIONS = [name for name in MODEL.operation_names if hasattr(AutoScaling, xform_name(name))]
POINTS = st.lists(st.sampled_from([None, 0.0, 1.0, 9.0]), min_size=1, max_size=12)


@settings(max_examples=50)
@given(st.integers(0, 2**32))
def test_any_request_is_answered_or_refused(seed):
    chance, known, practice = random.Random(seed), Known(), Practice()
    practice.register()
    practice.track()
    for _ in range(25):
        operation = chance.choice(OPERATIONS)
        shape = MODEL.operation_model(operation).input_shape
        params = value(shape, chance, known)
        if operation in GOOD and chance.random() < 0.7:
            params = mutated(GOOD[operation], chance)
        body = spoil(json.dumps(params).encode(), chance)
        with suppress(AwsError):
            known.learn(json.loads(practice.scaling.handle(operation, body, practice.world.context).body))
        practice.measured("ConcurrentRequestsPerModel", chance.choice([0, 5, 50]))
        practice.goes_on(10)
    assert practice.count >= 1


@given(POINTS, st.integers(1, 6), st.integers(1, 6), st.sampled_from(["missing", "breaching", "?"]))
def test_any_points_have_a_state(points, periods, needed, missing):
    rule = Rule("GreaterThanThreshold", 5.0, periods, needed, missing)
    assert rule.state(points, "OK") in ("OK", "ALARM", "INSUFFICIENT_DATA")
