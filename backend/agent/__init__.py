"""The agent core: routing, chat, ReAct, plan-and-execute, free of web and database."""
