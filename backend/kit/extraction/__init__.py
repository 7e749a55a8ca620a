"""Reading questions and texts by rules alone: what is asked, which sentence answers it."""
