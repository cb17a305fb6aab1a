"""Step 03: send prompts to an endpoint, whole or streamed, in Cohere's wire formats."""
