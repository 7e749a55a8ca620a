"""Recognises greetings, thanks and other small talk; it decides nothing about real requests."""

import re
from typing import Final

from backend.agent.route_rules.vocabulary import word_set

_MAX_SMALL_TALK_WORDS: Final = 14
_MAX_SMALL_TALK_CHARS: Final = 400
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")

# A message is small talk when it holds one of these and nothing outside both lists.
_OPENERS: Final = word_set(
    """
    hi hello hey heya hiya yo howdy greetings hullo hii hiii helloo heyy heyyy sup wassup morning evening
    afternoon goodnight gn gm welcome thanks thank thankyou thx thnx ty tysm tnx cheers appreciated appreciate
    grateful bye goodbye cya farewell later ciao ttyl ok okay okey k kk cool great nice awesome perfect
    wonderful excellent super amazing fantastic brilliant lovely sweet alright sure yes yep yeah yup no nope nah
    lol haha hahaha hehe rofl lmao wow oops sorry hmm hm ah oh aha ping test testing gotcha noted understood
    congrats congratulations cheerio pleased sorted legend indeed help please hola buenas buenos gracias adiós adios
    bonjour
    bonsoir salut merci hallo guten danke dank tschüss tschüß servus moin buongiorno buonasera grazie olá ola oi
    obrigado obrigada hej hei tak tack kiitos dag dankjewel bedankt goedemorgen cześć czesc dziękuję dziekuje
    ahoj merhaba selam teşekkürler привет здравствуйте спасибо пока добрый вітаю дякую γεια ευχαριστώ שלום תודה
    مرحبا السلام شكرا اهلا أهلا سلام xin chào halo terima namaste salaam konnichiwa arigato annyeong nihao salam
    aloha shalom ευχαριστω
    """
)
_COMPANIONS: Final = word_set(
    """
    there all everyone everybody folks guys friend friends mate buddy dear sir madam team bot assistant you u ya
    very so much many lot lots a the to for your help time again good day night today tonight tomorrow soon see
    have has nice meet meeting how are is it it's its going goes doing been things life everything what's
    what whats up hope well fine i'm im i am just wanted say saying that's that this was be really too also and
    but then bit bad my me not no worries problem problems rather talk catch take care one another helps helped
    helpful works worked job work done makes sense got fun funny interesting useful right now here back with of
    in from on weekend week happy never mind nevermind good-bye real quick man dude pal million bunch kind
    kindness true we'll will ll let's can feeling feel new long way ahead great evening afternoon morning estás
    estas está cómo como qué tal días dias tardes noches todo bien muchas tudo bem bom boa dia tarde noite
    comment ça ca va vas allez vous toi et beaucoup bonne journée nuit soirée morgen tag abend nacht wie geht
    geht's gehts es dir ihnen schön vielen dank und come stai sta tutto bene mille molto hoe gaat het met je jou
    как дела день вечер утро доброе большое عليكم كيف حالك الحال bạn kasih apa kabar selamat pagi nasılsın goede
    avond
    """
)
_PHRASES: Final = re.compile(
    r"""^\W*(?:(?:hi|hello|hey|ok|okay|so|well|and|thanks|haha|wow|oh)\b\W*)*(?:
      (?:so\W+)?who(?:\sare\syou|\smade\syou|\screated\syou|\sbuilt\syou)(?:\b.{0,30})?
    | what(?:'s|’s|\sis|s)?\s(?:your\sname|are\syou|can\syou\sdo|do\syou\sdo|are\syou\sdoing|you\sup\sto)
        (?:\s(?:for\s(?:me|us)|today|now|there))?
    | (?:do|are|were|have|did)\syou\s(?:a\s|an\s|like|love|enjoy|real|human|alive|sentient|happy|sad|ok|okay|busy|
        there|awake|sleep|dream|ever|feel|tired|bored|married|sure|kidding|serious|still)(?:\b.{0,40})?
    | how(?:'s|’s|\sis|\swas|\shas)\s(?:your\s\w{1,14}|it\sgoing|it\sbeen|life|everything|things)
        (?:\s(?:going|today|so\sfar|with\syou|been))?
    | how\s(?:old\s)?are\s(?:you|u|things)(?:\s\w+){0,3}
    | (?:can|could|would|will)\syou\s(?:please\s)?help(?:\sme)?(?:\sout)?(?:\swith\s(?:something|sth))?
    | (?:please\s)?(?:tell|give|share)\s(?:me|us)\s(?:a|another|one\smore|your\sbest|some|something)\s?
        (?:good\s|funny\s|short\s|dad\s|fun\s)?(?:jokes?|story|funny|interesting|nice)(?:\splease)?
    | i(?:'m|’m|\sam|m)\s(?:so\s|very\s|really\s|a\sbit\s|just\s)?(?:bored|tired|back|happy|fine|good|ok|okay|here|
        sad|great|hungry|sleepy|done)(?:\b.{0,20})?
    | (?:i\s)?(?:love|like|hate|miss|trust)\s(?:you|u|this|it|that)(?:\b.{0,20})?
    | you(?:'re|’re|\sare|r|re)\s(?:so\s|very\s|really\s|the\s|a\s|an\s|being\s)?\w{1,14}(?:\s\w{1,14})?
    | (?:it\swas\s|so\s)?(?:nice|good|great|lovely)\s(?:to\s)?(?:meet|talk|chat|see)\w*\b.{0,20}
    | (?:what's|whats|what’s|what\sis)\s(?:up|new|good|happening)(?:\b.{0,15})?
    | let(?:'s|’s|s)\s(?:just\s)?(?:chat|talk|begin|start)(?:\sa\s(?:bit|little))?
    | never\s?mind
    | have\s(?:a\s)?(?:nice|good|great|lovely|fun)\b.{0,30}
    | (?:anyone|anybody|are\syou|you)\s(?:here|there|home)
    | see\s(?:you|ya|u)(?:\b.{0,20})?
    | (?:good\s?night|sleep\swell|sweet\sdreams|take\scare)(?:\b.{0,20})?
    | that(?:'s|’s|\sis|\swas|s)?\s(?:was\s)?(?:so\s|very\s|really\s|quite\s|a\s)?\w{1,14}
    )\W*$""",
    re.VERBOSE | re.IGNORECASE,
)
# Scripts written without spaces: the greeting is compared as a whole string.
_UNSPACED: Final = re.compile(
    r"^\W*(?:こんにちは|こんばんは|おはよう(?:ございます)?|ありがとう(?:ございます)?|さようなら|もしもし|やあ|はじめまして|元気ですか"
    r"|你好(?:吗|嗎)?|您好|嗨|大家好|早上好|早安|晚上好|晚安|谢谢(?:你|您)?|謝謝(?:你|您)?|再见|再見|好的|你好啊"
    r"|안녕(?:하세요|히\s?가세요|히\s?계세요)?|감사합니다|고마워요?|반갑습니다|잘\s?지내세요|สวัสดี(?:ครับ|ค่ะ|คะ)?|ขอบคุณ(?:ครับ|ค่ะ)?"
    r"|नमस्ते(?: जी)?|नमस्कार|धन्यवाद|शुक्रिया|(?:आप )?कैसे (?:हैं|हो)|\W)+$"
)


def is_small_talk(text: str) -> bool:
    """Say whether the text is a greeting, thanks, a farewell or other phatic talk; long texts never are."""
    if len(text) > _MAX_SMALL_TALK_CHARS:
        return False
    words = [word.casefold().replace("’", "'") for word in _WORD.findall(text)]
    if not words:
        return not any(character.isdigit() for character in text)
    if len(words) > _MAX_SMALL_TALK_WORDS or any(character.isdigit() for character in text):
        return False
    known = all(word in _OPENERS or word in _COMPANIONS for word in words)
    if known and any(word in _OPENERS for word in words):
        return True
    return _PHRASES.match(text) is not None or _UNSPACED.match(text) is not None
