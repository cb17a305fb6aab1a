"""llama.cpp and its weights: tokens and likelihoods, and no Cohere."""
