"""Word classes the routing rules look up: plain vocabulary, written by hand, without weights or logic."""

from typing import Final, Literal


def word_set(text: str) -> frozenset[str]:
    """Read a set of words from one spaced text."""
    return frozenset(text.split())


# Verbs whose result is text the model can produce by itself.
COMPOSE_VERBS: Final = word_set(
    "write draft compose invent imagine brainstorm suggest craft narrate pen outline propose design "
    "devise come pretend act roleplay continue answer respond reply plan name recommend advise teach quiz "
    "tell give provide formulate sketch role-play congratulate roast rap sing simulate think argue debate "
    "persuade"
)
EXPLAIN_VERBS: Final = word_set(
    "explain discuss describe elaborate clarify define interpret justify illustrate reflect contrast "
    "review critique outline explore comment argue evaluate assess summarise summarize"
)
TRANSFORM_VERBS: Final = word_set(
    "rewrite rephrase reword paraphrase summarise summarize translate edit proofread correct fix improve "
    "shorten simplify classify categorise categorize label sort rank complete fill reformat transform "
    "polish condense identify extract arrange reorder replace rearrange match group turn make change "
    "detect spot refactor debug implement code expand unscramble punctuate decide convert read select "
    "choose predict mark put"
)
# Verbs that need the outside world or a computation.
FETCH_VERBS: Final = word_set(
    "find get fetch retrieve look search check show list locate query obtain track lookup pull verify "
    "research browse monitor see discover know scan"
)
COMPUTE_VERBS: Final = word_set(
    "calculate compute determine convert solve estimate evaluate simplify integrate differentiate factor "
    "multiply divide subtract sum count measure analyse analyze plot predict simulate run execute perform "
    "compare assess chart graph visualise visualize round project derive work test fit"
)
DO_VERBS: Final = word_set(
    "book order reserve schedule cancel send play pause stop set turn add remove update delete download "
    "upload buy purchase open close start remind save create generate make modify change rename move copy "
    "register share post email call text invite subscribe assign transfer pay apply install deploy print "
    "record transcribe crop resize trim rotate merge combine split extract draw render edit mix blur "
    "export import adjust translate summarise summarize rewrite paraphrase enable disable increase "
    "decrease switch dim lock unlock insert use give provide take initialize initialise submit recommend "
    "suggest identify sort classify detect read forward tell let confirm rent hire name sell organise "
    "organize log roll flip ship deliver refund renew upgrade connect sync restart mute dial navigate "
    "withdraw deposit donate attend toggle"
)
TOOL_VERBS: Final = FETCH_VERBS | COMPUTE_VERBS | DO_VERBS
CHAT_VERBS: Final = COMPOSE_VERBS | EXPLAIN_VERBS | TRANSFORM_VERBS
IMPERATIVES: Final = TOOL_VERBS | CHAT_VERBS
# Verbs that read as tool requests whatever their object; the others need a concrete parameter.
FIRM_TOOL_VERBS: Final = (
    (FETCH_VERBS | COMPUTE_VERBS | DO_VERBS)
    - CHAT_VERBS
    - word_set(
        "create generate make see know test work use take list stop start compare analyse analyze name"
    )
)
FIRM_CHAT_VERBS: Final = CHAT_VERBS - TOOL_VERBS

FACT_WH: Final = word_set("who whom whose when where which")
ALL_WH: Final = FACT_WH | word_set("what how why")
QUANTITY_HOW: Final = word_set(
    "many much long far old tall high deep big large fast often heavy wide early late soon hot cold close near"
)
AUXILIARIES: Final = word_set(
    "is are was were am do does did has have had can could would will should shall may might must isn't "
    "aren't wasn't weren't don't doesn't didn't hasn't haven't hadn't can't couldn't wouldn't won't "
    "shouldn't"
)
SECOND_PERSON: Final = word_set("you your you're yours yourself u")
FIRST_PERSON: Final = word_set(
    "i me my mine myself i'm i've i'd i'll we us our ours we're we've we'd we'll"
)
FILLERS: Final = word_set(
    "please kindly hi hello hey also and then next finally lastly last first firstly second secondly "
    "third additionally now so ok okay well furthermore moreover but just plus quickly maybe afterwards "
    "again alternatively subsequently or to me dear sir simultaneously meanwhile"
)
WISHES: Final = word_set(
    "want need would like love wish you to am are trying looking going also then really just 'd help me "
    "have able it if could be interested in wanted hoping planning"
)
DETERMINERS: Final = word_set("a an the this that these those his her its their my our your")
PREPOSITIONS: Final = word_set(
    "in on at by for from to of with near under over during into about between through as after before since until"
)
STOPWORDS: Final = (
    DETERMINERS
    | PREPOSITIONS
    | AUXILIARIES
    | ALL_WH
    | FIRST_PERSON
    | SECOND_PERSON
    | word_set(
        "and or but not it they them he she if then than also there please be been being more most some any all as"
    )
)
UNITS: Final = word_set(
    "m km cm mm meter meters metre metres kilometers kilometres miles mile feet foot ft inch inches yards "
    "kg g gram grams kilogram kilograms pounds lbs ton tons tonnes litre litres liter liters ml gallons "
    "gallon hours hour minutes minute seconds second days day weeks week months month years year percent "
    "degrees celsius fahrenheit kelvin euros euro dollars dollar usd eur gbp yen mph kmh km/h m/s j "
    "joules watts volts newton newtons n hz pm am people persons guests nights night square cubic mol "
    "moles atm pa amps ohms"
)
CONNECTIVES: Final = word_set(
    "there here among out given assuming considering once while because although however what's let's "
    "that's it's according based imagine suppose today tomorrow yesterday yes no thanks both some many "
    "several"
)
FORMAT_VERBS: Final = word_set(
    "sort use round return include express format present output limit filter provide note ensure start set"
)

WordClass = Literal[
    "comparative",
    "ordinal",
    "aggregate",
    "distributive",
    "additive",
    "sequencer",
    "fresh",
    "media",
    "service",
    "personal",
    "text",
    "language",
    "code",
    "document",
    "image",
    "first_person",
]

_CLASSES: Final[dict[WordClass, frozenset[str]]] = {
    "comparative": word_set(
        "older younger taller shorter longer larger smaller bigger higher lower faster slower heavier lighter "
        "earlier later greater fewer closer nearer farther further deeper wider cheaper richer poorer hotter "
        "colder warmer cooler stronger newer better worse more less sooner "
        ""
    ),
    "ordinal": word_set("first last earliest latest"),
    "aggregate": word_set(
        "ratio difference sum total average combined together altogether compare compared comparing "
        "comparison versus vs gap respective respectively"
    ),
    "distributive": word_set("both respectively neither separately individually"),
    "additive": word_set(
        "also additionally plus lastly furthermore moreover besides alongside meanwhile simultaneously another"
    ),
    "sequencer": word_set(
        "then afterwards next finally subsequently after once thereafter followed lastly"
    ),
    "fresh": word_set(
        "today tonight tomorrow yesterday now current currently latest newest recent recently upcoming live "
        "nearby worth cost costs nearest weather forecast price prices stock stocks score scores news traffic "
        "temperature availability exchange tickets flight flights"
    ),
    "media": word_set(
        "audio video image images photo photos picture pictures recording clip clips soundtrack screenshot "
        "url website webpage podcast footage file files pdf spreadsheet videos"
    ),
    "service": word_set(
        "robot oven door heating heater tv speaker lamp visa doctor "
        "calendar alarm reminder timer appointment meeting playlist inbox shopping account cart reservation "
        "ticket hotel flight taxi lights thermostat database function api"
    ),
    "personal": word_set(
        "feel feeling sad lonely worried anxious happy boss friend girlfriend boyfriend husband wife advice "
        "relationship colleague mother father parents tips opinion favourite favorite"
    ),
    "text": word_set(
        "sentence sentences paragraph passage essay poem story word words phrase phrases text email letter "
        "list lyrics song haiku dialogue script speech blog post joke quote riddle review article tweet "
        "headline slogan title synonyms antonyms idiom example examples question questions statement instance "
        "verb noun adjective topic conversation novel caption quiz outline ideas recipe message plan "
        "itinerary agenda template guide tutorial analogy curriculum syllabus schedule routine code snippet "
        "program bio resume cv"
    ),
    "language": word_set(
        "verb verbs noun nouns tense adjective adjectives adverb synonym synonyms antonym antonyms rhyme rhymes "
        "spelled spelt rhetorical metaphor idiom"
    ),
    "code": word_set(
        "python javascript java html css sql code algorithm regex typescript rust golang program script bug "
        "compile bash linux c++ api expression command"
    ),
    "document": word_set(
        "uploaded attached attachment pdf spreadsheet dataset csv document documents file files contract "
        "report reports invoice notes manual section chapter page clause agreement policy"
    ),
    "image": word_set("image picture photo screenshot photograph pic drawing diagram chart"),
    "first_person": FIRST_PERSON,
}


def _invert() -> dict[str, tuple[WordClass, ...]]:
    known: dict[str, tuple[WordClass, ...]] = {}
    for word_class, members in _CLASSES.items():
        for member in members:
            known[member] = (*known.get(member, ()), word_class)
    return known


CLASSES_OF: Final = _invert()
# Numbers after one of these are one collection, not several values.
COLLECTIONS: Final = word_set(
    "sides values numbers coefficients lengths data scores sizes dimensions parameters"
)
PLAIN: Final = STOPWORDS | UNITS
COMMON_CAPITALISED: Final = STOPWORDS | IMPERATIVES | FILLERS | CONNECTIVES
ENGLISH: Final = COMMON_CAPITALISED | WISHES | frozenset(CLASSES_OF)
FOREIGN_WH: Final = word_set(
    "wer wann wo wohin wieviel wie welche welcher welches quand où qui combien quel quelle quels quelles cuándo dónde "
    "quién cuánto cuántos cuál quanto quando onde quem qual dove chi quanti wat wanneer waar hoeveel wie welke när var "
    "hur vem vad hvornår hvor hvem hva kiedy gdzie kto ile kdy kde kdo kolik кто когда где сколько какой какая "
    "متى أين كم من कौन कब कहाँ कितना nerede kim kaç"
)
