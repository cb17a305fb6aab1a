"""Two published notebooks of Cohere Medium, step by step, with cohere-sagemaker 0.8.1 and SageMaker's SDK 2.

`article` is that of the article, which deploys by the SDK's ModelPackage (cohere-ai/cohere-aws@16c0efb,
"Deploy cohere model"); `client` is that of 0.8.1's days, which leaves it to the client (@e68feb1, "Deploy
command medium"). test_conformance_older.py runs them in a shell that evaluated `helpers.sandbox env`. No role
is made or passed; only STS is redirected, as the SDK writes its address into its client. Prints JSON.
"""

import json
import os
import sys
import time

import boto3
import botocore.session
import sagemaker as sage
from cohere_sagemaker import Client, CohereError

create_client = botocore.session.Session.create_client
PACKAGE = "cohere-gpt-medium-v1-5-15e34931a06235b7bac32dca396a970a"
ACCOUNTS = {"us-east-1": "865070037744", "eu-west-1": "985815980388"}
NAME, INSTANCE_TYPE = "cohere-gpt-medium", "ml.g5.xlarge"
PROMPTS = (
    "Write a LinkedIn post about starting a career in tech:",
    "Write a creative product description for a wireless headphone product named the CO-1T:",
    "Write a body paragraph of a blog post about successful companies:",
    "Write a cold outreach email about an integration of autocomplete:",
)


def redirected(session, service_name, *arguments, **settings):
    """Make a client as botocore does, that of STS for the sandbox's address."""
    if service_name == "sts":
        settings["endpoint_url"] = os.environ["AWS_ENDPOINT_URL"]
    return create_client(session, service_name, *arguments, **settings)


def article(package_arn):
    """Deploy by ModelPackage, generate, delete the endpoint, its configuration and the model."""
    role = sage.get_execution_role()
    session = sage.Session()
    bucket = session.default_bucket()
    boto3.client("runtime.sagemaker")
    co = Client(endpoint_name=NAME)
    try:
        co.generate(prompt=PROMPTS[0])
    except CohereError as error:
        too_early = str(error)
    model = sage.ModelPackage(role=role, model_package_arn=package_arn, sagemaker_session=session)
    seconds = {"model_data_download_timeout": 1500, "container_startup_health_check_timeout": 1500}
    model.deploy(1, INSTANCE_TYPE, endpoint_name=NAME, **seconds)
    generated = generate(co, *PROMPTS)
    model.sagemaker_session.delete_endpoint(NAME)
    model.sagemaker_session.delete_endpoint_config(NAME)
    model.delete_model()
    return {"role": role, "bucket": bucket, "too_early": too_early, **generated}


def client(package_arn):
    """Deploy by the client, which finds the role, generate, and delete; the model stays, as on AWS."""
    co = Client(region_name=boto3.Session().region_name)
    co.create_endpoint(arn=package_arn, endpoint_name=NAME, instance_type=INSTANCE_TYPE, n_instances=1)
    (made,) = boto3.client("sagemaker").list_models()["Models"]
    role = boto3.client("sagemaker").describe_model(ModelName=made["ModelName"])["ExecutionRoleArn"]
    generated = generate(co, PROMPTS[0])
    co.delete_endpoint()
    co.close()
    return {"role": role, **generated}


def generate(co, first, *others):
    """Generate a text with its tokens, and one for each of the other prompts without."""
    asked = {"max_tokens": 20, "temperature": 0.9}
    (post,) = co.generate(prompt=first, **asked, return_likelihoods="GENERATION").generations
    texts = [co.generate(prompt=prompt, **asked).generations[0].text for prompt in others]
    tokens = [(each.token, each.likelihood) for each in post.token_likelihoods]
    return {"text": post.text, "tokens": tokens, "texts": texts}


botocore.session.Session.create_client = redirected
# SDK 2 sleeps half a minute before it first looks for an endpoint.
nap = time.sleep
time.sleep = lambda seconds: nap(min(seconds, 0.2))
region = boto3.Session().region_name
if region not in ACCOUNTS:
    raise Exception("UNSUPPORTED REGION")
notebook = {"article": article, "client": client}[sys.argv[1]]
found = notebook(f"arn:aws:sagemaker:{region}:{ACCOUNTS[region]}:model-package/{PACKAGE}")
sagemaker = boto3.client("sagemaker")
kinds = {"endpoints": "Endpoints", "endpoint_configs": "EndpointConfigs", "models": "Models"}
left = {name: len(getattr(sagemaker, f"list_{name}")()[kind]) for name, kind in kinds.items()}
print()  # the SDK leaves its line open
print(json.dumps({**found, "left": left}))
