"""Words that only hold a question together: a passage that lacks them may answer it all the same.

Where a library is small or of one kind, no count tells "what" and "mean" from the words that matter. Languages that
are not listed go without. Not for: leaving words out of an index, which keeps them all.
"""

# ruff: noqa: RUF001 - words of other alphabets look like Latin ones

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from backend.documents.index.lexemes import lexemes

_WORDS = {
    "en": """a an the and or but if of in on at to for from by with about into as than then so not no any some all am is
        are was were be been being do does did done doing have has had having can could will would shall should may might
        must what which who whom whose when where why how that this these those there here it its he him his she her they
        them their we us our you your i me my mean means meaning tell show shows give find say says know please""",
    "de": """der die das den dem des ein eine einen einem einer eines und oder aber wenn von vom in im ins an am auf aus
        bei beim mit nach zu zum zur für über um als wie so nicht kein keine bin ist sind war waren sein wird werden wurde
        hat haben hatte kann können darf soll muss was welche welcher welches wer wem wen wessen wann wo warum wieso wohin
        woher es er sie ihr ihre sein seine wir uns unser du ich mir mich man dies diese dieser dieses bedeutet heißt
        gibt bitte zeige""",
    "fr": """le la les l un une des du de d et ou mais si dans en au aux à pour par sur avec sans comme que qu qui quoi dont
        où quand comment pourquoi quel quelle quels quelles est sont était étaient être a ont avait avoir peut peuvent doit
        faut ne pas n y se s ce c cet cette ces il elle ils elles on nous vous je j me m mon ma mes son sa ses leur leurs
        combien signifie veut dire""",
    "es": """el la los las un una unos unas de del y o pero si en a al para por con sin sobre como que qué quien quién
        quienes cuál cuáles cuando cuándo donde dónde cómo cuánto cuánta cuántos es son era eran ser está están fue ha han
        hay puede pueden debe no se su sus lo le les este esta estos estas ese esa yo tú él ella nosotros me mi significa""",
    "it": """il lo la i gli le un uno una di del della dei delle e o ma se in nel nella a al alla per da dal con su come che
        chi cui quale quali quando dove perché quanto quanta è sono era erano essere ha hanno può possono deve non si suo
        sua questo questa questi queste io tu lui lei noi voi loro mi significa""",
    "pt": """o a os as um uma uns umas de do da dos das e ou mas se em no na nos nas ao à para por com sem sobre como que
        quem qual quais quando onde porque quanto quantos é são era eram ser está estão foi há tem têm pode podem deve não
        seu sua este esta isto esse essa eu você ele ela nós me meu significa""",
    "nl": """de het een en of maar als van in op aan bij met naar te tot voor over om uit dan zo niet geen ben is zijn was
        waren wordt worden heeft hebben had kan kunnen mag moet wat welke welk wie wanneer waar waarom hoe hoeveel dat die
        dit deze er hij zij ze hun wij we ons jij je u ik mij mijn betekent""",
    "ru": """и или но если в во на к ко с со у о об от до из за по для при над под как так не ни ли же бы это этот эта эти
        тот та те что чего чем кто кого кому какой какая какое какие который которая когда где куда откуда почему зачем
        сколько есть был была были быть можно нужно он она оно они его её их мы нас вы вас я мне мой значит""",
    "pl": """i lub albo ale jeśli w we na do z ze u o od za po dla przy nad pod jak tak nie czy to ten ta te tego co czego
        kto kogo komu jaki jaka jakie który która które kiedy gdzie dlaczego ile jest są był była było były być ma mają może
        można musi się on ona ono oni jego jej ich my nas wy ja mi mój znaczy""",
    "tr": """ve veya ama eğer bir bu şu o da de ki ile için gibi kadar değil mi mı mu mü ne neyi kim kimi hangi hangisi
        zaman nerede nereye neden niçin nasıl kaç var yok olan olarak ben sen biz siz onlar benim demek anlamı""",
}  # fmt: skip


@cache
def _of(language: str) -> frozenset[str]:
    return frozenset(lexemes(_WORDS.get(language, ""), language))


def function_lexemes(languages: Collection[str]) -> frozenset[str]:
    """Give the lexemes of such words in the languages a library holds."""
    return frozenset(lexeme for language in languages for lexeme in _of(language))
