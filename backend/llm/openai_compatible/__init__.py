"""Any server that speaks OpenAI's chat completions: vLLM, llama.cpp, LM Studio, a cloud."""
