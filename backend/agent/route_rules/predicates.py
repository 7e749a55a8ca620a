"""Judgements that several routing rules share, each a question about the features; they carry no weight."""

from backend.agent.route_rules.features import Features


def concrete(f: Features) -> bool:
    """Say whether the request names a thing, a number or a file."""
    return bool(f.n_names or f.n_numbers or f.n_files)


def text_work(f: Features) -> bool:
    """Say whether the work is on words or code in the message."""
    shown = (
        f.says("text")
        or f.says("code")
        or f.shows("text_here")
        or f.shows("label")
        or f.shows("code")
    )
    return bool(shown) and not f.n_files


def text_given(f: Features) -> bool:
    """Say whether the text to work on stands in the message itself."""
    return bool(f.shows("label") or f.shows("text_here") or f.shows("code")) and not f.n_files


def bare_verb(f: Features) -> bool:
    """Say whether it opens with a verb that may or may not need a tool."""
    return f.first == "either"


def media(f: Features) -> int:
    """Count what speaks of images, audio or video."""
    return f.says("media") + f.shows("to_speech")


def machine_work(f: Features) -> bool:
    """Say whether a medium, a file, a service or a measured value is involved."""
    return bool(media(f) or f.n_files or f.says("service") or (f.n_units and not text_work(f)))


def tool_asks(f: Features) -> int:
    """Count the requests to find or compute something."""
    return f.asks.kinds.count("tool")


def tool_like(f: Features) -> bool:
    """Say whether any request is for a tool."""
    acts = bare_verb(f) and bool(f.n_units or f.says("service") or f.n_files or media(f))
    return tool_asks(f) > 0 or acts


def requests(f: Features) -> int:
    """Count the requests; an undecided verb counts only beside something concrete."""
    kinds = f.asks.kinds
    definite = kinds.count("tool") + kinds.count("fact") + kinds.count("what")
    concrete = tool_asks(f) or f.n_files or f.says("service") or (f.n_names and not text_work(f))
    return definite + (kinds.count("either") if concrete else 0)


def dependent(f: Features) -> bool:
    """Say whether a later step needs the result of an earlier one."""
    uses = f.shows("uses_result") and (len(f.asks.kinds) > 1 or f.says("sequencer") or media(f))
    return f.participle_echo or bool(uses)


def pipeline(f: Features) -> bool:
    """Say whether everything happens to one file or medium, step after step."""
    return bool(f.n_files or (media(f) and f.shows("artefact_given")) or media(f) > 2)


def separate(f: Features) -> bool:
    """Say whether the requests do not build on each other."""
    return not dependent(f) and not pipeline(f)


def described(f: Features) -> bool:
    """Say whether a thing is named through another."""
    return bool(f.asks.relatives or f.shows("of_chain") or f.shows("participle"))


def plain_need(f: Features) -> bool:
    """Say whether the user states a need without handing something over."""
    return f.shows("need") > 0 and not f.shows("artefact_given")


def one_stretch(f: Features) -> bool:
    """Say whether "between" or "from … to" spans one distance or period."""
    several = (
        f.says("aggregate") or f.says("comparative") or f.series.names > 1 or f.shows("same_for")
    )
    return f.shows("interval") == 1 and not several and requests(f) < 2


def story(f: Features) -> bool:
    """Say whether facts are told first and one quantity is asked last."""
    one = len(f.asks.kinds) == 1 and f.asks.head == "how" and f.first == "fact"
    return one and f.asks.n_sentences > 1 and f.n_numbers > 1


def yes_no(f: Features) -> bool:
    """Say whether it opens with a yes-no question."""
    return f.first == "yesno"


def opinion(f: Features) -> bool:
    """Say whether it asks what one should do or think."""
    return bool(f.shows("opinion") or (f.shows("existential") and not concrete(f)))


def about_now(f: Features) -> bool:
    """Say whether it is about something that changes, or about a service."""
    return bool(f.says("fresh") or f.says("service"))
