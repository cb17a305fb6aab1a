"""The control of slots and clock: by the command line, by a session, by its handler."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.connect.session import Session, connect
from helpers.errors import BadInput, NotConnected
from helpers.sandbox import process
from helpers.sandbox.__main__ import main
from helpers.sandbox.aws.service import AwsError
from helpers.sandbox.services.clock import Clock
from helpers.sandbox.services.runtime import client
from helpers.sandbox.services.runtime.control import CapacityControl
from helpers.sandbox.services.runtime.instances import Instances


@pytest.fixture
def control():
    return CapacityControl(Instances(8), Clock())


def ask(control, **asked):
    return json.loads(control.handle(json.dumps(asked).encode()).body)


def test_what_is_not_given_stays(control):
    assert ask(control) == {"slots": 8, "clock_speed": 1.0}
    assert ask(control, slots=2) == {"slots": 2, "clock_speed": 1.0}
    assert ask(control, clock_speed=60) == {"slots": 2, "clock_speed": 60.0}
    assert ask(control) == {"slots": 2, "clock_speed": 60.0}


@given(
    asked=st.dictionaries(
        st.sampled_from(["slots", "clock_speed"]),
        st.one_of(
            st.none(),
            st.booleans(),
            st.floats(),
            st.integers(),
            st.text(max_size=5),
            st.lists(st.integers(), max_size=2),
        ),
    )
)
def test_any_value_is_set_or_refused_and_nothing_is_half_set(asked):
    instances, clock = Instances(8), Clock()
    control = CapacityControl(instances, clock)
    try:
        answer = ask(control, **asked)
    except AwsError:
        answer = {"slots": 8, "clock_speed": 1.0}
    assert answer == {"slots": instances.slots, "clock_speed": clock.speed}
    assert 1 <= instances.slots <= 1000
    assert 1 <= clock.speed <= 600


def test_the_command_line_shows_and_sets(sandbox, capsys):
    assert main(["capacity", "--slots", "2", "--clock-speed", "60"]) == 0
    told = "Each instance serves 2 requests at once; what takes AWS a minute takes 1 s"
    assert told in capsys.readouterr().out
    assert main(["capacity"]) == 0
    assert told in capsys.readouterr().out
    assert main(["capacity", "--slots", "0"]) == 2
    assert "slots is '0'; it takes a whole number from 1 to 1000." in capsys.readouterr().err


def test_a_session_sets_it_in_the_sandbox_alone(sandbox):
    session = connect("sandbox")
    assert session.practise_with(slots=3, clock_speed=30) == 30
    assert client.capacity(sandbox) == client.Capacity(3, 30)
    assert session.practise_with(slots=4) == 30
    with pytest.raises(BadInput, match="clock_speed is 0"):
        session.practise_with(clock_speed=0)
    on_aws = Session("aws", "us-east-1", session.boto3, "a model")
    assert on_aws.practise_with(slots=1, clock_speed=60) == 1
    assert client.capacity(sandbox) == client.Capacity(4, 30)


def test_a_session_whose_sandbox_has_stopped_says_so(sandbox, monkeypatch):
    session = connect("sandbox")
    monkeypatch.setattr(process, "find", lambda: None)
    with pytest.raises(NotConnected, match="run the connect"):
        session.practise_with(slots=2)
