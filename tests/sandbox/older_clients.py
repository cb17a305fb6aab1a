"""Cohere's older clients, unchanged, from create_endpoint to delete; for a Python that has sagemaker 2.

test_conformance_older.py runs it in a shell that evaluated `python -m helpers.sandbox env`. Prints JSON.
"""

import json
import os
import sys
import time

REGION, ROLE = os.environ["AWS_DEFAULT_REGION"], sys.argv[1]
PROMPT = {"prompt": "Write a haiku.", "max_tokens": 8, "temperature": 0}
# SDK 2 sleeps half a minute before it first looks for an endpoint.
nap = time.sleep
time.sleep = lambda seconds: nap(min(seconds, 0.2))


def cohere_sagemaker(package):
    """The client of 2022 and 2023: deploys by the SageMaker SDK's ModelPackage."""
    from cohere_sagemaker import Client
    from cohere_sagemaker.error import CohereError

    client = Client(region_name=REGION)
    client.create_endpoint(package, "older", instance_type="ml.g5.xlarge", role=ROLE)
    (whole,) = client.generate(**PROMPT, return_likelihoods="GENERATION").generations
    (targeted,) = client.generate(**PROMPT, variant="AllTraffic").generations
    told = []
    for wrong in ({"variant": "nobody"}, {"temperature": 9.0}):
        try:
            client.generate(**{**PROMPT, **wrong})
        except CohereError as error:
            told.append(str(error))
    client.delete_endpoint()
    client.close()
    likelihoods = [each.likelihood for each in whole.token_likelihoods]
    return {"texts": [whole.text, targeted.text], "likelihoods": likelihoods, "errors": told}


def cohere_aws(package, chat_package):
    """The client of 2023 to 2025: deploys by boto3, streams, and chats."""
    from cohere_aws import Client

    client = Client(region_name=REGION)
    client.create_endpoint(package, "later", instance_type="ml.g5.xlarge", role=ROLE)
    whole = client.generate(**PROMPT, stream=False).generations[0]["text"]
    pieces = [token.text for token in client.generate(**PROMPT, stream=True)]
    client.delete_endpoint()
    client.create_endpoint(chat_package, "later-chat", instance_type="ml.p5.48xlarge", role=ROLE)
    ask = {"message": "What is my name?", "max_tokens": 8, "temperature": 0}
    said = [{"role": "USER", "message": "I am Ada."}, {"role": "CHATBOT", "message": "Hello, Ada."}]
    reply = client.chat(**ask, chat_history=said)
    events = list(client.chat(**ask, chat_history=said, stream=True))
    client.create_endpoint(
        chat_package, "later-chat", instance_type="ml.p5.48xlarge", role=ROLE, recreate=True
    )
    client.delete_endpoint()
    client.close()
    return {"texts": [whole, "".join(pieces)], "chat": [reply.text, len(events)]}


medium, command_r = sys.argv[2:]
print(json.dumps([cohere_sagemaker(medium), cohere_aws(medium, command_r)]))
